"""What every peer is given: the same passages, questions and vectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

DEPTH = 10
"""How many passages are asked for."""

Pipeline = Callable[[str, Any], Sequence[str]]
"""Passage ids, best first, for a question and its vector of shape (dimension,)."""


class Material(NamedTuple):
    """Passages and questions as (id, text), and their unit vectors, one a row."""

    passages: list[tuple[str, str]]
    questions: list[tuple[str, str]]
    passage_vectors: Any
    question_vectors: Any

    @classmethod
    def read(cls, folder: Path) -> Material:
        """What `write` wrote."""
        arrays = [np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("passages", "questions")]
        return cls(_rows(folder / "passages.jsonl"), _rows(folder / "questions.jsonl"), *arrays)

    def write(self, folder: Path) -> None:
        """Put everything into a folder."""
        for name, rows, vectors in (
            ("passages", self.passages, self.passage_vectors),
            ("questions", self.questions, self.question_vectors),
        ):
            lines = [json.dumps(row, ensure_ascii=False) for row in rows]
            (folder / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
            np.save(folder / f"{name}.npy", vectors, allow_pickle=False)

    @staticmethod
    def digest(folder: Path) -> str:
        """SHA-256 over what `write` wrote: rankings of equal material are equal."""
        files = [folder / f"{name}.{kind}" for name in ("passages", "questions") for kind in ("jsonl", "npy")]
        return sha256(b"".join(sha256(file.read_bytes()).digest() for file in files)).hexdigest()

    def vector_of(self) -> Callable[[str], Any]:
        """Looks up the vector of a text, for peers that insist on embedding by themselves."""
        known = {text: self.passage_vectors[row] for row, (_, text) in enumerate(self.passages)}
        known |= {text: self.question_vectors[row] for row, (_, text) in enumerate(self.questions)}
        return known.__getitem__


def _rows(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text("utf-8").split("\n")
    return [(row[0], row[1]) for row in map(json.loads, lines)]
