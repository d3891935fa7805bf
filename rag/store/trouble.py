"""What SQLite's errors mean for an index, and what to do about them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rag.errors import StoreBusy, StoreError

REBUILD = "`rag rebuild` で corpus/ から索引を作り直してください。"
REBUILD_EN = "Build the index anew from corpus/ with `rag rebuild`."


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """What went wrong with the index at `path`, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if is_busy(error):
        return StoreBusy(
            "別のプロセスが索引に書き込み中です。",
            "終わるのを待って、もう一度実行してください。",
            en=("Another process is writing to the index.", "Wait until it is done, and try again."),
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        hint = "ディスクの空きを確かめて、やり直してください。書きかけの変更は取り消し、元の索引は無事です。"
        return StoreError(
            f"索引 {path} を読み書きできません (空き不足か入出力エラー): {error}",
            hint,
            en=(
                f"The index {path} cannot be read or written (a full disk, or an I/O error): {error}",
                "Check the free space and try again. What was begun was undone; the index is as it was before.",
            ),
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return StoreError(
            f"索引 {path} を開けないか、書き込めません: {error}",
            "場所と権限を確かめてください。",
            en=(f"The index {path} cannot be opened or written: {error}", "Check its place and permissions."),
        )
    return StoreError(
        f"索引 {path} が壊れています: {error}",
        REBUILD,
        en=(f"The index {path} is damaged: {error}", REBUILD_EN),
    )
