"""A run on disk: what was asked, of what, and every reply with its time. Saved first, scored from here.

run.json        name, set, engine, model, versions, machine, hashes of questions and corpus
items.jsonl     the questions as they were asked
sources.json    the articles as they were read
replies.jsonl   one reply a line, in the order of the questions, written as it comes
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from evals.items import EvalError, Item, load_items
from evals.metrics import Source, Sources
from rag import wire

PACKAGES = ("rag", "faiss-cpu", "fugashi", "numpy", "openvino", "pydantic", "tokenizers", "unidic-lite")
RUN, ITEMS, SOURCES, REPLIES = "run.json", "items.jsonl", "sources.json", "replies.jsonl"


class RunConfig(BaseModel):
    """What a run depends on. `split` is None for a set that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    set: str
    split: str | None = None
    engine: str
    model: str
    questions: int
    questions_sha256: str
    corpus: dict[str, str]
    started: str
    versions: dict[str, str]
    machine: dict[str, str]


class Answered(BaseModel):
    """The wire reply to the item with this id, and how long it took."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    latency_ms: float
    reply: dict[str, Any]


class Run(NamedTuple):
    """A saved run. `answered` is in the order of `items`; it is shorter only where a run was interrupted."""

    folder: Path
    config: RunConfig
    items: list[Item]
    sources: Sources
    answered: list[Answered]


def configuration(
    name: str,
    set_name: str,
    split: str | None,
    engine: str,
    model: str,
    items: Sequence[Item],
    sources: Sources,
) -> RunConfig:
    """What a run that starts now depends on."""
    return RunConfig(
        name=name,
        set=set_name,
        split=split,
        engine=engine,
        model=model,
        questions=len(items),
        questions_sha256=_sha256(*(item.model_dump_json() for item in items)),
        corpus=corpus_hashes(sources),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"python": platform.python_version(), **dict(_versions())},
        machine={
            "platform": platform.platform(),
            "processor": platform.machine(),
            "cores": str(os.cpu_count()),
        },
    )


def corpus_hashes(sources: Sources) -> dict[str, str]:
    """A hash of the words and the URL of every source."""
    return {name: _sha256(source.url, source.text) for name, source in sorted(sources.items())}


def default_name(set_name: str, split: str | None, engine: str) -> str:
    """A new name that sorts by time."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    return "-".join(filter(None, (stamp, re.sub(r"[^\w.]+", "_", set_name), split, engine)))


def create(runs: Path, config: RunConfig, items: Sequence[Item], sources: Sources) -> Run:
    """A new run folder without replies.

    Raises:
        EvalError: the name cannot be one, is taken, or the folder cannot be written.
    """
    if not re.fullmatch(r"[\w][\w.-]*", config.name):
        raise EvalError(
            f"実行の名前「{config.name}」は使えません。", "文字・数字・- _ . だけの名前を付けてください。"
        )
    folder = runs / config.name
    try:
        folder.mkdir(parents=True)
        (folder / ITEMS).write_text(_lines(items), encoding="utf-8")
        write_json(folder / SOURCES, {name: {"url": s.url, "text": s.text} for name, s in sources.items()})
        (folder / REPLIES).touch()
        write_json(folder / RUN, config.model_dump())
    except FileExistsError:
        raise EvalError(
            f"実行「{config.name}」はもうあります。",
            f"別の --name を付けるか、rag eval --rescore {config.name} で採点し直してください。",
        ) from None
    except OSError as error:
        raise EvalError(
            f"{folder}: 書けません({error})。", "--out で書けるフォルダーを指定してください。"
        ) from None
    return Run(folder, config, list(items), sources, [])


def reopen(run: Run) -> None:
    """Make a run that was interrupted ready for `append`: a last line that was cut short goes."""
    lines = (wire.dumps(answered.model_dump()) + "\n" for answered in run.answered)
    (run.folder / REPLIES).write_text("".join(lines), encoding="utf-8", newline="\n")


def append(folder: Path, answered: Answered) -> None:
    """Keep one more reply, at once."""
    with (folder / REPLIES).open("a", encoding="utf-8", newline="\n") as file:
        file.write(wire.dumps(answered.model_dump()) + "\n")


def load(runs: Path, name: str) -> Run:
    """A complete run, by its name in `runs` or by its path.

    Raises:
        EvalError: there is no such run, or it is damaged or was interrupted.
    """
    run = load_unfinished(runs, name)
    if len(run.answered) < len(run.items):
        raise EvalError(
            f"実行「{name}」は途中までです({len(run.answered)}/{len(run.items)} 問)。",
            f"rag eval --resume {name} で残りの質問に進んでください。",
        )
    return run


def load_unfinished(runs: Path, name: str) -> Run:
    """A run, complete or not.

    Raises:
        EvalError: there is no such run, or it is damaged.
    """
    folder = next((f for f in (runs / name, Path(name)) if name and (f / RUN).is_file()), None)
    if folder is None:
        known = "、".join(known_runs(runs)[-5:]) or "まだありません"
        raise EvalError(
            f"実行「{name}」が {runs} に見つかりません。",
            f"rag eval で実行してください(今ある実行: {known})。",
        )
    try:
        config = RunConfig.model_validate_json((folder / RUN).read_bytes())
        items = load_items(folder / ITEMS)
        sources = {
            key: Source(text=value["text"], url=value["url"])
            for key, value in json.loads((folder / SOURCES).read_bytes()).items()
        }
        answered = list(_replies(folder / REPLIES))
    except (EvalError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _damaged(folder, f"{type(error).__name__}: {error}".partition("\n")[0]) from None
    if len(items) != config.questions or [a.id for a in answered] != [i.id for i in items][: len(answered)]:
        raise _damaged(folder, "質問と返答が合いません")
    return Run(folder, config, items, sources, answered)


def known_runs(runs: Path) -> list[str]:
    """The names of the runs in a folder, oldest first where names were not given."""
    return sorted(path.parent.name for path in runs.glob(f"*/{RUN}"))


def latest(runs: Path, config: RunConfig) -> str:
    """The name of the newest complete run of the same set, other than this one.

    Raises:
        EvalError: there is none.
    """
    found = []
    for name in known_runs(runs):
        try:
            other = load(runs, name).config
        except EvalError:
            continue
        if name != config.name and (other.set, other.split) == (config.set, config.split):
            found.append((other.started, name))
    if not found:
        raise EvalError(
            f"{runs} に、比べる前の実行がありません。", "まず --compare を付けずに実行してください。"
        )
    return max(found)[1]


def write_json(path: Path, value: Any) -> None:
    """JSON whose bytes depend on nothing but the value."""
    text = wire.dumps(canonical(value), indent=2)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def canonical(value: Any) -> Any:
    """The value with sorted keys and with floats of six digits."""
    if isinstance(value, dict):
        return {str(key): canonical(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [canonical(part) for part in value]
    return round(value, 6) + 0.0 if isinstance(value, float) else value


def _replies(path: Path) -> Iterator[Answered]:
    """The replies, without a last line that was cut short."""
    for line in path.read_bytes().split(b"\n")[:-1]:
        yield Answered.model_validate_json(line)


def _damaged(folder: Path, why: str) -> EvalError:
    return EvalError(
        f"{folder}: 実行が壊れています({why})。", "フォルダーを消して、rag eval で実行し直してください。"
    )


def _lines(items: Sequence[Item]) -> str:
    return "".join(wire.dumps(item.model_dump(mode="json")).translate(_LINE_ENDS) + "\n" for item in items)


_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}
"""What JSON leaves as it is and `str.splitlines` takes for the end of a line."""


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
