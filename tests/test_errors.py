"""Every error speaks both languages."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import errors
from rag.errors import InvalidQuestion, RagError

PACKAGE = Path(errors.__file__).parent
NAMES = {name for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, RagError)}
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff、。「」]")


def made() -> Iterator[tuple[str, ast.Call]]:
    """Each place in the package where an error is made."""
    paths = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
    for name, path in paths.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                yield f"{name}:{node.lineno}", node


def words(node: ast.AST) -> str:
    """The literal text below a node."""
    found = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return "".join(value for value in found if isinstance(value, str))


def test_every_error_with_words_of_its_own_has_them_in_english_too() -> None:
    places = list(made())
    assert len(places) > 100
    for place, node in places:
        english = [keyword.value for keyword in node.keywords if keyword.arg == "en"]
        japanese = JAPANESE.search("".join(words(argument) for argument in node.args))
        assert english or not japanese, f"{place}: no English"
        assert not any(JAPANESE.search(words(one)) for one in english), f"{place}: the English has Japanese"


@pytest.mark.parametrize(("lang", "said"), [("ja", ("空です。", "書いて")), ("en", ("Empty.", "Write"))])
def test_an_error_is_said_in_the_language_asked_for(lang: str, said: tuple[str, str]) -> None:
    error = InvalidQuestion("空です。", "書いて", en=("Empty.", "Write"))
    assert error.said(lang) == said  # type: ignore[arg-type]
    assert InvalidQuestion("空です。").said(lang) == ("空です。", "")  # type: ignore[arg-type]
