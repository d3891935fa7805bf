"""The commands that change or examine a home: articles, ingest, remove, rebuild, doctor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doubles import FIDX, INFOQ, HashEmbedder, Runner, assert_in_step, corpus_file, open_assistant

QUESTION = "Coworkはいつ発表されましたか?"


# --- articles ---------------------------------------------------------------------------------------------


def test_articles_are_listed_one_a_line(rag: Runner) -> None:
    lines = rag("articles").out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == [FIDX, INFOQ]
    assert "https://www.fidx.co.jp/?p=3554" in lines[0]
    assert len(lines) == 3
    found = rag("articles", "--json").json
    assert [article["id"] for article in found] == [FIDX, INFOQ]
    assert all("text" not in article for article in found)


def test_ingest_takes_files_of_all_kinds_and_remove_takes_them_out(
    rag: Runner, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "図書館.md").write_text(corpus_file(), encoding="utf-8")
    (tmp_path / "sjis.txt").write_bytes(
        "市民プールは八月に改修工事を終えました。利用料は据え置きです。".encode("cp932")
    )
    (tmp_path / "page.html").write_text(
        "<html><head><title>市報</title><link rel=canonical href='https://example.com/city'></head>"
        f"<body><article><h1>市報</h1><p>{'公園のベンチを新しくしました。' * 9}</p></article></body></html>",
        encoding="utf-8",
    )
    assert rag("ingest", str(tmp_path / "図書館.md")).out.startswith("追加: 図書館\n")
    given = [
        "--url",
        "https://example.com/pool",
        "--title",
        "プール",
        "--publisher",
        "市",
        "--published",
        "2026-08",
    ]
    assert rag("ingest", str(tmp_path / "sjis.txt"), *given).code == 0
    assert rag("ingest", str(tmp_path / "page.html")).code == 0
    found = {article["url"]: article for article in rag("articles", "--json").json}
    assert {"https://example.com/a", "https://example.com/pool", "https://example.com/city"} <= set(found)
    pool = found["https://example.com/pool"]
    assert (pool["title"], pool["publisher"], pool["published"]) == ("プール", "市", "2026-08")
    assert "市民プールは八月に" in rag("search", "市民プールの改修", "-k", "1").out
    assert rag("remove", pool["id"]).out.startswith(f"削除: {pool['id']}\n")
    assert "市民プール" not in rag("search", "市民プールの改修").out
    with open_assistant(home) as assistant:
        assert_in_step(home / "corpus", assistant._store)


def test_ingest_again_says_that_nothing_changed(rag: Runner) -> None:
    assert rag("ingest", f"home/corpus/{INFOQ}.md").out == "変更はありません。\n"
    assert rag("ingest", "home/corpus", "--lang", "en").out == "Nothing changed.\n"


def test_what_is_given_wins_over_the_front_matter(rag: Runner) -> None:
    rag("ingest", f"home/corpus/{INFOQ}.md", "--title", "本当の題名", "--published", "2025-07-15")
    article = rag("articles", "--json").json[1]
    assert (article["title"], article["title_is_descriptive"], article["published"]) == (
        "本当の題名",
        False,
        "2025-07-15",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([""], "空"),
        (["missing.txt", "--url", "https://example.com/"], "missing.txt"),
        (["missing.md"], "missing.md"),
        (["plain.txt"], "--url"),
        (["plain.txt", "--url", "javascript:alert(1)"], "javascript"),
        (["plain.txt", "--url", "https://example.com/", "--published", "昨日"], "昨日"),
        ([f"home/corpus/{FIDX}.md", "--url", "ftp://example.com/"], "ftp"),
        ([f"home/corpus/{FIDX}.md", "--published", "昨日"], "昨日"),
        (["home/corpus", "--url", "https://example.com/"], "フォルダー"),
        (["empty"], "empty"),
        (["empty.txt", "--url", "https://example.com/"], "空"),
        (["picture.png", "--url", "https://example.com/"], "picture.png"),
        (["broken.md"], "broken.md"),
        (["http://"], "http"),
        (["plain.txt\0", "--url", "https://example.com/"], "plain.txt"),
    ],
)
def test_what_cannot_be_ingested_is_explained_and_changes_nothing(
    rag: Runner, home: Path, arguments: list[str], said: str
) -> None:
    Path("plain.txt").write_text("駅前の図書館は四月に開館しました。", encoding="utf-8")
    Path("empty.txt").touch()
    Path("picture.png").write_bytes(b"\x89PNG")
    Path("broken.md").write_text("---\ntitle: 題名\n---\n本文", encoding="utf-8")
    Path("empty").mkdir()
    run = rag("ingest", *arguments)
    assert (run.code, run.out) == (1, "")
    assert said in run.err
    assert "→" in run.err
    assert sorted(path.name for path in (home / "corpus").iterdir()) == [f"{FIDX}.md", f"{INFOQ}.md"]


def test_a_folder_with_two_articles_of_one_id_is_refused(rag: Runner) -> None:
    for name in ("one", "two"):
        Path(name).mkdir()
        Path(name, "same.md").write_text(corpus_file(f"{name}の本文。"), encoding="utf-8")
    run = rag("ingest", "one", "two")
    assert run.code == 1
    assert "same" in run.err


def test_removing_an_unknown_article_fails(rag: Runner) -> None:
    run = rag("remove", "nope")
    assert run.code == 1
    assert "nope" in run.err
    assert "rag articles" in run.err


def test_a_broken_article_is_named_by_every_command_that_opens(rag: Runner, home: Path) -> None:
    (home / "corpus" / "bad.md").write_text("---\ntitle: x\n---\n本文", encoding="utf-8")
    for arguments in (
        ["ask", "a"],
        ["search", "a"],
        ["articles"],
        ["remove", "x"],
        ["rebuild"],
        ["ask", "--jsonl"],
    ):
        run = rag(*arguments)
        assert run.code == 1
        assert re.search(r"bad\.md:\d", run.err)
    assert rag("ask", "a", "--json").json["error"]["type"] == "CorpusError"


def test_an_index_of_another_model_names_the_command_that_rebuilds(
    rag: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    rag("articles")
    monkeypatch.setattr(HashEmbedder, "model_id", "another")
    run = rag("ask", QUESTION)
    assert run.code == 1
    assert "rag rebuild" in run.err
    assert "記事 2 本" in rag("rebuild").out
    assert rag("ask", QUESTION).code == 0


def test_a_damaged_index_names_the_command_that_rebuilds(rag: Runner, home: Path) -> None:
    (home / "index").mkdir()
    (home / "index" / "index.sqlite3").write_bytes(b"SQLite? no." * 1000)
    run = rag("articles")
    assert run.code == 1
    assert "rag rebuild" in run.err
    assert rag("rebuild").code == 0
    assert "記事 2 本" in rag("articles").out


# --- doctor -----------------------------------------------------------------------------------------------


def test_the_doctor_finds_a_healthy_home_healthy(rag: Runner) -> None:
    rag("articles")
    run = rag("doctor")
    assert run.code == 0
    assert "注意" not in run.out
    assert "異常" not in run.out


def test_the_doctor_notices_what_was_not_indexed_yet(rag: Runner) -> None:
    rag("articles")
    Path("home/corpus/new.md").write_text(corpus_file(), encoding="utf-8")
    run = rag("doctor", "--lang", "en")
    assert run.code == 0
    assert "warning" in run.out


@pytest.mark.parametrize("damage", ["corpus", "link", "index", "settings", "no home"])
def test_the_doctor_tells_what_is_wrong_and_fails(rag: Runner, home: Path, damage: str) -> None:
    if damage == "corpus":
        (home / "corpus" / "bad.md").write_text("x", encoding="utf-8")
    elif damage == "link":
        (home / "corpus" / "link.md").symlink_to("nowhere")
    elif damage == "index":
        (home / "index").write_text("a file", encoding="utf-8")
    elif damage == "settings":
        (home / "rag.toml").write_text("[", encoding="utf-8")
    else:
        (home.parent / "file").touch()
    elsewhere = ["--home", "file"] if damage == "no home" else []
    run = rag("doctor", *elsewhere)
    assert run.code == 1
    assert "異常" in run.out
    assert "→" in run.out
    english = rag("doctor", "--lang", "en", *elsewhere).out
    assert "failed" in english
    assert not re.search(r"[ぁ-ん]", english)


def test_the_doctor_of_a_folder_that_is_not_there_makes_none(rag: Runner, tmp_path: Path) -> None:
    run = rag("doctor", "--home", str(tmp_path / "typo"))
    assert "rag ingest" in run.out
    assert not (tmp_path / "typo").exists()
