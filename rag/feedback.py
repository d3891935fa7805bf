"""What people said of replies: one JSON object a line in `<home>/feedback.jsonl`, which is only ever appended to."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from filelock import FileLock
from pydantic import Field, StringConstraints, ValidationError

from rag.errors import StoreError
from rag.types import Answer, Citation, Frozen, Reply, Text

FILE = "feedback.jsonl"

Rating = Literal["up", "down"]
Words = Annotated[Text, StringConstraints(max_length=8000)]

log = logging.getLogger(__name__)


class Feedback(Frozen):
    """A rating of one reply, with what is needed to check the reply again.

    `answer`: the text that was shown. `citations`: the quotes it stood on; empty for most abstentions.
    `reason`: why the user rated it so, a word or a phrase. `corrected_answer`: what it should have said.
    `reply_id`: what the surface called the reply, if it gave it a name. `time`: UTC.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[\w\-]{1,64}$")] = Field(
        default_factory=lambda: uuid4().hex
    )
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    reply_id: Annotated[Text, StringConstraints(max_length=200)] | None = None
    question: Annotated[Words, StringConstraints(min_length=1)]
    standalone_question: Words | None = None
    status: Literal["answered", "abstained"]
    answer: Annotated[Text, StringConstraints(max_length=100_000)] = ""
    citations: tuple[Citation, ...] = ()
    engine: Annotated[Text, StringConstraints(max_length=200)] = "extractive"
    rating: Rating
    reason: Annotated[Text, StringConstraints(max_length=200)] | None = None
    comment: Words | None = None
    corrected_answer: Words | None = None


def about(
    reply: Reply,
    rating: Rating,
    *,
    reply_id: str | None = None,
    reason: str | None = None,
    comment: str | None = None,
    corrected_answer: str | None = None,
) -> Feedback:
    """A rating of this reply.

    Raises:
        pydantic.ValidationError: a text is too long.
    """
    return Feedback(
        reply_id=reply_id,
        question=reply.question,
        standalone_question=reply.standalone_question,
        status=reply.status,
        answer=reply.text if isinstance(reply, Answer) else reply.message,
        citations=reply.citations,
        engine=reply.engine,
        rating=rating,
        reason=reason,
        comment=comment,
        corrected_answer=corrected_answer,
    )


def add(home: Path, feedback: Feedback) -> None:
    """Append one line; it is on the disk when this returns. Safe from several threads and processes.

    Raises:
        StoreError: the file cannot be written.
    """
    line = feedback.model_dump_json(exclude_none=True).encode() + b"\n"
    try:
        with FileLock(home / f".{FILE}.lock"):
            _append(home / FILE, line)
    except OSError as error:
        raise StoreError(
            f"{home / FILE}: 書き込めません({error.strerror})。",
            "空き容量と書き込み権限を確認してください。",
            en=(
                f"{home / FILE}: cannot be written ({error.strerror}).",
                "Check the free space and the permissions.",
            ),
        ) from error


def _append(path: Path, line: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a process died in the middle of its line
                line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read(home: Path) -> list[Feedback]:
    """Everything said so far, oldest first; a line that cannot be read is skipped and logged.

    Raises:
        StoreError: the file is there and cannot be read.
    """
    path = home / FILE
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(
            f"{path}: 読めません({error.strerror})。",
            "読み取り権限を確認してください。",
            en=(f"{path}: cannot be read ({error.strerror}).", "Check the permissions."),
        ) from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(Feedback.model_validate_json(line))
        except ValidationError:
            log.warning("%s:%d: 読めない行を飛ばしました。", path, number)
    return found
