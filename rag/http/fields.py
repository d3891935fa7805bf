"""What is wrong with a field of a request, in the client's language. Pydantic speaks English only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.messages import Lang

_LIST = "配列にしてください。"
_OBJECT = "オブジェクトにしてください。"
_INTEGER = "整数にしてください。"
_JAPANESE = {
    "missing": "この項目が必要です。",
    "extra_forbidden": "知らない項目です。",
    "json_invalid": "JSON として読めません。",
    "string_type": "文字列にしてください。",
    "string_unicode": "文字として正しくありません。",
    "string_too_short": "{min_length} 文字以上にしてください。",
    "string_too_long": "{max_length} 文字以内にしてください。",
    "string_pattern_mismatch": "形が違います(正規表現 {pattern})。",
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": "数にしてください。",
    "bool_type": "true か false にしてください。",
    "bool_parsing": "true か false にしてください。",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "too_short": "{min_length} 個以上にしてください。",
    "too_long": "{max_length} 個以内にしてください。",
    "greater_than_equal": "{ge} 以上にしてください。",
    "less_than_equal": "{le} 以下にしてください。",
    "literal_error": "{expected} のどれかにしてください。",
}
OWN = "own"
"""The type of errors that carry both languages: English as `msg`, Japanese in `ctx`."""


def field_message(error: Mapping[str, Any], lang: Lang) -> str:
    """The message of one of pydantic's errors. A kind that is not in the table is told in pydantic's words too."""
    said = str(error["msg"])
    if lang == "en":
        return said
    values = error.get("ctx", {})
    if error["type"] == OWN:
        return str(values["ja"])
    known = _JAPANESE.get(error["type"])
    return known.format(**values) if known else f"値が正しくありません({said})。"
