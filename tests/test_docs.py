"""The documents say what the program does: their commands exist, their Python runs, their output is real."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from rag.cli import Context, build, main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


def blocks(language: str) -> list[tuple[str, str]]:
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [(name, block) for name, text in TEXTS.items() for block in pattern.findall(text)]


def rag_commands() -> list[str]:
    found = [match for text in TEXTS.values() for match in re.findall(r"`(rag [a-z][^`\n]*)`", text)]
    lines = [
        line.removeprefix("$ ")
        for _, block in [*blocks("bash"), *blocks("console")]
        for line in block.splitlines()
    ]
    return sorted(
        {
            *found,
            *(line.removeprefix(".venv/bin/") for line in lines if re.match(r"(\.venv/bin/)?rag ", line)),
        }
    )


@pytest.mark.parametrize("command", rag_commands())
def test_a_rag_command_in_the_documents_exists_with_its_options(command: str) -> None:
    name, *arguments = shlex.split(re.sub(r"[\[\]…]|[<>|].*", " ", command))[1:]
    subcommand = build(Context("ja", None)).commands[name]
    while isinstance(subcommand, click.Group) and arguments and arguments[0] in subcommand.commands:
        subcommand = subcommand.commands[arguments.pop(0)]
    options = {
        o for p in subcommand.params if isinstance(p, click.Option) for o in (*p.opts, *p.secondary_opts)
    }
    used = {argument for argument in arguments if argument.startswith("--")}
    assert used <= options | {"--home", "--lang", "--help"}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_every_make_target_in_the_documents_exists() -> None:
    targets = {t for text in TEXTS.values() for t in re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)}
    assert {"chat", "test", "ask", "check"} <= targets
    for target in targets:
        subprocess.run(["make", "--dry-run", target, "Q=x"], cwd=ROOT, check=True, capture_output=True)


def test_every_python_module_in_the_documents_exists() -> None:
    modules = {
        m
        for text in TEXTS.values()
        for m in re.findall(r"python -m ((?:evals|training)\.[a-z_.]*[a-z_])", text)
    }
    assert modules
    paths = [ROOT / module.replace(".", "/") for module in modules]
    assert all(path.with_suffix(".py").exists() or (path / "__main__.py").exists() for path in paths)


def test_every_link_in_the_documents_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", TEXTS[page.name]):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_no_value_was_left_to_fill_in() -> None:
    assert not {name for name, text in TEXTS.items() if re.search(r"@[A-Z_]+@|TODO", text)}


@pytest.mark.e2e
@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_python_in_the_documents_runs(
    page: str, code: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAG_HOME", str(home))
    monkeypatch.chdir(home)
    exec(compile(code, page, "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.e2e
def test_the_answer_in_the_readme_is_what_the_program_prints(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = (block for page, block in blocks("console") if page == "README.md")
    command, _, shown = block.partition("\n")
    with pytest.raises(SystemExit):
        main([*shlex.split(command.removeprefix("$ rag ")), "--home", str(home)])
    assert capsys.readouterr().out.strip() == shown.strip()
