"""API keys: shown once, kept as hashes, refused as soon as they are revoked or out of date."""

from __future__ import annotations

import os
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rag.errors import ConfigError, InvalidKey
from rag.keys import FILE, KeyRing, add_key, read_keys, revoke_key

TODAY = datetime.now(UTC).date()


def test_a_new_key_is_good_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    key, token = add_key(tmp_path, "ci", "write")
    assert KeyRing(tmp_path).check(token) == key
    assert (key.scope, key.problem()) == ("write", None)
    assert token.rpartition("_")[2] not in (tmp_path / FILE).read_text()
    assert token not in (tmp_path / FILE).read_text()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_others_cannot_read_the_file(tmp_path: Path) -> None:
    add_key(tmp_path, "a")
    add_key(tmp_path, "b")
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_two_keys_of_one_name_would_be_told_apart_by_nobody(tmp_path: Path) -> None:
    add_key(tmp_path, "a")
    with pytest.raises(ConfigError):
        add_key(tmp_path, "a")
    revoke_key(tmp_path, "a")
    assert add_key(tmp_path, "a").key.problem() is None
    assert len(read_keys(tmp_path)) == 2


@pytest.mark.parametrize("name", ["", "a\nb", "<b>", "x" * 65, "-a", "a/b"])
def test_an_unusable_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        add_key(tmp_path, name)


def test_a_revoked_key_is_refused_by_a_ring_that_knew_it(tmp_path: Path) -> None:
    key, token = add_key(tmp_path, "a")
    ring = KeyRing(tmp_path)
    ring.check(token)
    revoke_key(tmp_path, key.id)
    for check in (lambda: ring.check(token), lambda: ring.by_id(key.id)):
        with pytest.raises(InvalidKey, match="取り消"):
            check()
    assert not ring.good()


def test_a_key_is_good_through_its_last_day(tmp_path: Path) -> None:
    last = add_key(tmp_path, "last", expires=TODAY)
    over = add_key(tmp_path, "over", expires=TODAY - timedelta(days=1))
    ring = KeyRing(tmp_path)
    assert ring.check(last.token).expires == TODAY
    with pytest.raises(InvalidKey, match="期限"):
        ring.check(over.token)
    assert last.key.problem(today=date(9999, 12, 31)) == "expired"


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    key, token = add_key(tmp_path, "a")
    ring = KeyRing(tmp_path)
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    for bad in (
        "",
        "rag_",
        token + "x",
        wrong,
        token.upper(),
        key.sha256,
        "rag_" + "0" * 12 + "_" + "x" * 43,
        "あ",
    ):
        with pytest.raises(InvalidKey):
            ring.check(bad)
    with pytest.raises(InvalidKey):
        ring.by_id("0" * 12)


def test_no_file_means_no_key(tmp_path: Path) -> None:
    assert read_keys(tmp_path) == ()
    assert not KeyRing(tmp_path).good()
    with pytest.raises(ConfigError):
        revoke_key(tmp_path, "a")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_damaged_file_lets_nobody_in_and_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    _, token = add_key(tmp_path, "a")
    (tmp_path / FILE).write_bytes(content)
    for use in (
        lambda: KeyRing(tmp_path).check(token),
        lambda: add_key(tmp_path, "b"),
        lambda: read_keys(tmp_path),
    ):
        with pytest.raises(ConfigError, match=FILE):
            use()
    assert (tmp_path / FILE).read_bytes() == content


def test_keys_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    threads = [threading.Thread(target=add_key, args=(tmp_path, f"k{n}")) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.name for key in read_keys(tmp_path)} == {f"k{n}" for n in range(12)}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(ConfigError, match=FILE):
        add_key(tmp_path, "a")
