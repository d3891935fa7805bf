"""Reading text files that must be UTF-8, and saying what they are when they are not."""

from __future__ import annotations

import codecs
import contextlib
from pathlib import Path

from rag.errors import CorpusError


def read_utf8(path: Path) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        CorpusError: it cannot be read, is in another encoding (which is named where it can be told), or has a NUL.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"{path}: 読めません({error.strerror})。",
            "ファイルの場所と読み取り権限を確認してください。",
            en=(
                f"{path}: cannot be read ({error.strerror}).",
                "Check the place and the permissions of the file.",
            ),
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, data, error.start, _guess(data)) from None
    if text.isascii() and "\x1b$B" in text and "\x1b(" in text:  # ISO-2022-JP is ASCII and escape sequences
        raise _not_utf8(path, data, data.index(b"\x1b$"), "ISO-2022-JP")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CorpusError(
            f"{path}:{line}: NUL 文字があります。",
            "文章ではないファイルか、壊れています。取り除いて保存し直してください。",
            en=(
                f"{path}:{line}: there is a NUL character.",
                "This is no text, or it is damaged. Remove it and save the file again.",
            ),
        )
    return text


def _not_utf8(path: Path, data: bytes, at: int, encoding: str) -> CorpusError:
    line = data.count(b"\n", 0, at) + 1
    return CorpusError(
        f"{path}:{line}: UTF-8 ではありません{f'({encoding} のようです)' if encoding else ''}。",
        "UTF-8 で保存し直してください"
        f"(例: iconv -f {encoding or '元の文字コード'} -t UTF-8 {path.name} > new.md)。",
        en=(
            f"{path}:{line}: this is not UTF-8{f' (it looks like {encoding})' if encoding else ''}.",
            f"Save it as UTF-8 (as in: iconv -f {encoding or 'ENCODING'} -t UTF-8 {path.name} > new.md).",
        ),
    )


def _guess(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    for encoding in (
        "EUC-JP",
        "CP932",
    ):  # Shift_JIS is hardly ever valid EUC-JP, but EUC-JP often valid Shift_JIS
        with contextlib.suppress(UnicodeDecodeError):
            data.decode(encoding)
            return encoding
    return ""
