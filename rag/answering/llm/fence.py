"""Text that a model reads as data, never as instructions: JSON on one line each, between marks no text can forge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x7F, 0x85, 0x2028, 0x2029)}


def fenced(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as lines of JSON after 「<<<資料 番号」 and before 「資料 番号>>>」.

    Every text is inside a JSON string on one line, and the number is a hash of them all: no text can begin a line
    or end the fence.
    """
    lines = [_line(row) for row in rows]
    number = sha256("\n".join(lines).encode()).hexdigest()[:16]
    return "\n".join([f"<<<資料 {number}", *lines, f"資料 {number}>>>"])


def _line(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False).translate(_LINE_ENDS)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(row)
    return text
