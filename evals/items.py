"""The evaluation item: a question with what a right reply says, must not say, and must cite."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag import RagError


class EvalError(RagError):
    """A question file, run or gate cannot be used; the message names file, line and fix."""


class EvidenceSpan(BaseModel):
    """A verbatim span of an article, in Unicode code points, half-open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    article_id: str
    start: int = Field(ge=0)
    end: int
    text: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.end - self.start != len(self.text):
            raise ValueError("text does not span [start, end)")
        return self


class Item(BaseModel):
    """One question.

    `accepted`: the facts that a right answer states, all of them; each as its accepted wordings, any of them.
    `must_not`: strings that no right reply contains (the wrong answer that tempts, a leaked prompt).
    `evidence`: what must be cited, all groups; each as alternative spans, any of them.
    An item that is not `answerable` must be refused, or its false premise corrected.
    `variant_of`: the id of the item of which this one asks the same in other words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    split: Literal["dev", "test"] = "test"
    question: str = Field(min_length=1)
    type: str = "what"
    style: str = "plain"
    language: Literal["ja", "en"] = "ja"
    answerable: bool = True
    gold: str = ""
    accepted: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[str, ...] = ()
    evidence: tuple[tuple[EvidenceSpan, ...], ...] = ()
    variant_of: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.answerable and not self.accepted:
            raise ValueError("an answerable item needs `accepted`")
        if not self.answerable and (self.accepted or self.evidence):
            raise ValueError("an unanswerable item has neither `accepted` nor `evidence`")
        if not all(self.accepted) or not all(self.evidence):
            raise ValueError("a group of `accepted` or `evidence` is empty")
        return self


def load_items(path: Path, split: str | None = None) -> list[Item]:
    """The items of a `.jsonl` or `.csv` file, in order; only those of a split when one is given.

    A CSV has a header line with at least `question`; `answer` holds accepted facts separated by `;` and their
    wordings by `|`; an empty answer means that the question must be refused.

    Raises:
        EvalError: naming file, line and fix.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(
            f"{path}: 読めません({error})。", "UTF-8 の .jsonl か .csv を指定してください。"
        ) from None
    rows = _csv_rows(text) if path.suffix.lower() == ".csv" else _json_rows(path, text)
    items: list[Item] = []
    lines: dict[str, int] = {}
    for line, row in rows:
        try:
            item = Item.model_validate(row)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"])) or "行"
            raise EvalError(
                f"{path}:{line}: {where}: {problem['msg']}。", "evals/CARD.md の形に直してください。"
            ) from None
        if item.id in lines:
            raise EvalError(
                f"{path}:{line}: id「{item.id}」は {lines[item.id]} 行目と重なっています。",
                "id を変えてください。",
            )
        lines[item.id] = line
        if split is None or item.split == split:
            items.append(item)
    if not items:
        raise EvalError(f"{path}: 質問がありません。", "1行に1問を書いてください。")
    return items


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                raise EvalError(
                    f"{path}:{number}: JSON として読めません。", "1行に1つの JSON を書いてください。"
                ) from None


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines())
    for number, row in enumerate(reader, 1):
        answer = (row.get("answer") or "").strip()
        facts = [
            [w.strip() for w in fact.split("|") if w.strip()] for fact in answer.split(";") if fact.strip()
        ]
        yield (
            reader.line_num,
            {
                "id": (row.get("id") or str(number)).strip(),
                "question": (row.get("question") or "").strip(),
                "type": (row.get("type") or "what").strip(),
                "language": (row.get("language") or "ja").strip(),
                "answerable": bool(facts),
                "gold": answer,
                "accepted": facts,
            },
        )
