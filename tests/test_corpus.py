"""Article files: what is written is read back to the letter, and every bad file gets its line and its fix."""

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.corpus import (
    article_paths,
    check_unique,
    has_front_matter,
    read_article,
    replace_file,
    write_article,
)
from rag.errors import CorpusError
from rag.structure import references
from rag.types import Article, Reference

URL = "https://example.com/news/1"
FRONT = f"---\ntitle: 題名\nurl: {URL}\n---\n"

characters = st.characters(codec="utf-8", exclude_characters="\0\x1b")
awkward = st.sampled_from(
    [
        "---",
        "---\n",
        ":",
        "#",
        '"',
        "'",
        "\r\n",
        "\r",
        "\n",
        "\n---\n",
        "😀",
        "\u2028",
        "\x85",
        "\ufeff",
        "…",
        "- a: b",
        "{",
        "*x",
        "&x",
    ]
)
prose = st.lists(st.one_of(awkward, st.text(characters, max_size=8)), max_size=8).map("".join)
name = prose.filter(bool)
date = st.sampled_from(["2026", "2026-01", "2026-01-26"])
sources = st.builds(
    Reference, title=prose, url=st.just(URL), publisher=st.none() | name, published=st.none() | date
)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    text = draw(prose.filter(str.strip))
    return Article(
        id=draw(st.sampled_from(["a", "記事-1", "2026.01_x"])),
        url=draw(st.sampled_from([URL, "https://example.com/?q=%E3%81%82&a=b#c", "http://例え.jp/あ:い"])),
        title=draw(name),
        title_is_descriptive=draw(st.booleans()),
        publisher=draw(st.none() | name),
        published=draw(st.none() | date),
        retrieved=draw(st.none() | date),
        lang=draw(st.sampled_from(["ja", "en", "no"])),
        references=(*draw(st.lists(sources, max_size=2)), *references(text)),
        text=text,
    )


def article(**fields: object) -> Article:
    return Article(**{"id": "a", "url": URL, "title": "題名", "text": "本文です。", **fields})  # type: ignore[arg-type]


def refusal(path: Path, content: str | bytes, name: str = "記事.md") -> tuple[str, str]:
    """Where and how a file with this content is refused: `name:line`, and message and hint together."""
    file = path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(CorpusError) as caught:
        read_article(file)
    assert caught.value.hint
    assert caught.value.message.startswith(str(file))
    where = caught.value.message.removeprefix(f"{path}/").split(":", 2)
    return ":".join(where[:2]), str(caught.value)


# --- round trip ---------------------------------------------------------------------------------------------


@given(articles())
@example(article(title="a: b #c \"d\" 'e'\n---\nf", text="---\n---\r\n本文\r\n\n---\n"))
@example(article(title="true", publisher="null", text="\n\n本文"))
@example(article(title="2026-01-26", text="\ufeff本文\n \n"))
@example(article(text="出典\n題 https://[x\n本文"))
def test_an_article_is_read_back_exactly_as_it_was_written(written: Article) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = write_article(written, Path(directory))
        again = read_article(path)
    assert path.name == f"{written.id}.md"
    assert again == written
    assert again.content_hash == written.content_hash


@pytest.mark.parametrize(
    "text",
    [
        "本文",
        "本文\n",
        "\n本文\n\n",
        "本文\r\n本文\r\n",
        "一\r二",
        "---\n本文\n---\n",
        "😀\u2028\u3000x\ufeff",
    ],
)
def test_the_body_keeps_every_character(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.md").write_bytes((FRONT + text).encode())
    assert read_article(tmp_path / "a.md").text == text


@pytest.mark.parametrize(
    ("front", "field", "expected"),
    [
        ("published: 2026-01-26", "published", "2026-01-26"),
        ("published: 2026", "published", "2026"),
        ("publisher: null", "publisher", "null"),
        ("publisher:", "publisher", None),
        ("lang: no", "lang", "no"),
        ("id: other", "id", "other"),
        ("title_is_descriptive: true", "title_is_descriptive", True),
        ("publisher: !!python/object/apply:os.system ['echo']", None, None),
        ("publisher: &x 'a'\nretrieved: 2026", "publisher", "a"),
        ("publisher: !!python/name:os.system x", "publisher", "x"),
    ],
)
def test_fields_are_text_and_yaml_has_no_power(
    tmp_path: Path, front: str, field: str | None, expected: object
) -> None:
    file = tmp_path / "a.md"
    file.write_text(f"---\ntitle: 題名\nurl: {URL}\n{front}\n---\n本文", encoding="utf-8")
    if field is None:
        with pytest.raises(CorpusError, match="publisher"):
            read_article(file)
    else:
        assert getattr(read_article(file), field) == expected


def test_windows_files_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "記事.md").write_bytes(("\ufeff" + FRONT.replace("\n", "\r\n") + "本文\r\n").encode())
    read = read_article(tmp_path / "記事.md")
    assert (read.id, read.title, read.url, read.text) == ("記事", "題名", URL, "本文\r\n")


def test_sources_of_front_matter_and_text_are_both_kept(tmp_path: Path) -> None:
    front = f"---\ntitle: t\nurl: {URL}\nreferences:\n- {{title: 前, url: {URL}}}\n---\n"
    (tmp_path / "a.md").write_text(front + "本文です。\n出典\n後 https://example.com/2", encoding="utf-8")
    found = read_article(tmp_path / "a.md").references
    assert [(r.title, r.url, r.start is None) for r in found] == [
        ("前", URL, True),
        ("後", "https://example.com/2", False),
    ]


def test_reading_does_not_touch_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes((FRONT + "本文\r\n").encode())
    file.chmod(0o444)
    before = file.read_bytes(), file.stat().st_mtime_ns
    read_article(file)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FRONT, True),
        ("---\na: b\n---", True),
        ("--- \r\na: b\r\n---\r\n", True),
        ("本文", False),
        ("\n" + FRONT, False),
        ("---\n", False),
    ],
)
def test_front_matter_is_recognised_at_the_very_beginning_only(text: str, expected: bool) -> None:
    assert has_front_matter(text) is expected


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, ("フロントマター", "rag ingest")),
        ("本文だけ。", 1, ("フロントマター", "rag ingest")),
        (f"---\ntitle: t\nurl: {URL}\n本文", 1, ("フロントマター",)),
        (f"---\ntitle: t\nurl: {URL}\n---\n \n\u3000", 5, ("本文が空",)),
        (f"---\ntitle: t\nurl: {URL}\n---", 4, ("本文が空",)),
        ("---\n---\n本文", 2, ("項目がありません", "title と url")),
        ("---\n- a\n---\n本文", 2, ("項目がありません",)),
        (f"---\nurl: {URL}\n---\n本文", 1, ("title がありません", "題名")),
        (f"---\nurl: {URL}\ntitle:\n---\n本文", 3, ("title がありません",)),
        (f"---\nurl: {URL}\ntitle: [a]\n---\n本文", 3, ("title の値",)),
        ("---\ntitle: t\n---\n本文", 1, ("url がありません", "https://")),
        (f"---\ntitle: t\nurl: {URL}\nauthor: x\n---\n本文", 4, ("author", "publisher")),
        (f"---\ntitle: t\ntext: x\nurl: {URL}\n---\n本文", 3, ("text",)),
        (f"---\ntitle: t\nurl: {URL}\npublished: 2026-1-5\n---\n本文", 4, ("published", "2026-01-26")),
        (f"---\ntitle: t\nurl: {URL}\npublished: 2026年1月\n---\n本文", 4, ("published", "2026-01-26")),
        (f"---\ntitle: t\nurl: {URL}\nretrieved: 2026-13\n---\n本文", 4, ("retrieved", "2026-01-26")),
        (f"---\nid: ../x\ntitle: t\nurl: {URL}\n---\n本文", 2, ("id の値",)),
        (f"---\ntitle: t\nurl: {URL}\ntitle_is_descriptive: たぶん\n---\n本文", 4, ("title_is_descriptive",)),
        (f"---\ntitle: t\nurl: {URL}\nreferences: x\n---\n本文", 4, ("references", "{title: …")),
        (f"---\ntitle: t\nurl: {URL}\nreferences: [{{title: a}}]\n---\n本文", 4, ("references",)),
        (
            f"---\ntitle: t\nurl: {URL}\nreferences: [{{title: a, url: 'javascript:1'}}]\n---\n本文",
            4,
            ("references",),
        ),
        (f"---\nurl: {URL}\ntitle: a: b\n---\n本文", 3, ("YAML", '"…"')),
        (f'---\nurl: {URL}\ntitle: "a\n---\n本文', None, ("YAML",)),
        (f"---\nurl: {URL}\ntitle: *unknown\n---\n本文", 3, ("YAML",)),
        (f"---\nurl: {URL}\ntitle: a\x01b\n---\n本文", 3, ("YAML",)),
        (f"---\nurl: {URL}\n? [a]\n: b\n---\n本文", 3, ("YAML",)),
        (f"---\nurl: {URL}\na: &a [*a]\n---\n本文", 3, ("",)),
        (f"---\nurl: {URL}\n<<: {{title: t}}\n---\n本文", 3, ("<<",)),
        (f"---\nurl: {URL}\ntitle: " + "[" * 400 + "\n---\n本文", None, ("YAML",)),
        (FRONT + "一行目\n二\0行目", 6, ("NUL",)),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_what_to_do(
    tmp_path: Path, content: str, line: int | None, words: tuple[str, ...]
) -> None:
    where, complaint = refusal(tmp_path, content)
    assert line is None or where == f"記事.md:{line}"
    assert all(word in complaint for word in words)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.com/",
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "https://example.com/a b",
        "https:///path",
        "//example.com/",
        "example.com",
        "https://[x",
        "https://example.com/<script>",
        "https://example.com\\\\@evil.example/",
        "https://example.com/\u202egpj",
    ],
)
def test_an_unsafe_url_is_refused_at_its_line(tmp_path: Path, url: str) -> None:
    where, complaint = refusal(tmp_path, f"---\ntitle: t\nurl: '{url}'\n---\n本文")
    assert where == "記事.md:3"
    assert "url の値" in complaint
    assert "https:// で始まる" in complaint


JAPANESE = FRONT + "これは日本語の文章です。半角のｶﾀｶﾅも混じります。\n"


@pytest.mark.parametrize(
    ("data", "line", "name", "fix"),
    [
        (JAPANESE.encode("cp932"), 2, "CP932", "iconv -f CP932"),
        (JAPANESE.encode("euc_jp"), 2, "EUC-JP", "iconv -f EUC-JP"),
        (JAPANESE.encode("utf-16"), 1, "UTF-16", "iconv -f UTF-16"),
        (
            (FRONT.replace("題名", "t") + "本文").encode("iso2022_jp"),
            5,
            "ISO-2022-JP",
            "iconv -f ISO-2022-JP",
        ),
        (FRONT.encode() + b"\xff\xfe\xfa\x80", 5, "", "UTF-8 で保存"),
    ],
)
def test_a_file_in_another_encoding_is_refused_and_the_encoding_named(
    tmp_path: Path, data: bytes, line: int, name: str, fix: str
) -> None:
    where, complaint = refusal(tmp_path, data)
    assert where == f"記事.md:{line}"
    assert "UTF-8 ではありません" in complaint
    assert (f"({name} のようです)" in complaint) is bool(name)
    assert fix in complaint


def test_aliases_that_multiply_do_no_harm(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
    )
    assert refusal(tmp_path, f"---\n{bomb}---\n本文")[0] == "記事.md:2"


@pytest.mark.parametrize("name", ["無い.md", "folder.md"])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(CorpusError, match=f"{name}: 読めません"):
        read_article(tmp_path / name)


def test_two_files_with_one_id_are_both_named() -> None:
    check_unique([(Path("a.md"), "a"), (Path("b.md"), "b"), (Path("a.md"), "a")])
    with pytest.raises(CorpusError, match=r"x/a\.md:1: .*「a」.*y/a\.md"):
        check_unique([(Path("y/a.md"), "a"), (Path("x/a.md"), "a")])


def test_article_paths_are_sorted_and_without_readme_and_hidden_files(tmp_path: Path) -> None:
    for name in (
        "b.md",
        "a.md",
        "sub/c.md",
        "README.md",
        "sub/readme.md",
        ".hidden.md",
        ".git/x.md",
        "note.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in article_paths(tmp_path)] == [
        "a.md",
        "b.md",
        "sub/c.md",
    ]


# --- writing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["replace", "fsync", "fdopen"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    path = write_article(article(text="古い本文"), tmp_path)
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(CorpusError, match=r"a\.md: 書き込めません\(No space left on device\)"):
        write_article(article(text="新しい本文"), tmp_path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.md"]


def test_writing_replaces_the_file_whole_and_leaves_no_temporary_one(tmp_path: Path) -> None:
    write_article(article(text="長い" * 1000), tmp_path / "new")
    path = write_article(article(text="短い"), tmp_path / "new")
    assert read_article(path).text == "短い"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [file.name for file in path.parent.iterdir()] == ["a.md"]


def test_a_directory_that_cannot_be_made_is_an_error_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="権限") as caught:
        write_article(article(), tmp_path / "file")
    assert str(tmp_path / "file") in caught.value.message


def test_an_interrupted_replacement_removes_its_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace_file(tmp_path / "a.md", b"x")
    assert list(tmp_path.iterdir()) == []


def test_an_article_that_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="NUL"):
        write_article(article(text="本\0文"), tmp_path)
    assert list(tmp_path.iterdir()) == []
