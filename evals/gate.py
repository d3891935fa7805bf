"""The gate: thresholds (`gate.toml`) and the last accepted run (`baseline.json`) that a run must not fall below.

Both lie in `evals/` of the home folder; a set other than `own` has its own, as in `gate-jsquad.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.items import EvalError
from evals.metrics import ItemScore
from evals.runs import RunConfig, write_json

GATE = Path(__file__).with_name("gate.toml")
UPDATE = "rag eval --gate --update-baseline"


class Rule(BaseModel):
    """What one metric must be: within `min` and `max`, and no more than `drop` below or `rise` above the baseline."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: float | None = None
    max: float | None = None
    drop: float | None = Field(default=None, ge=0)
    rise: float | None = Field(default=None, ge=0)


class Baseline(BaseModel):
    """What the accepted run scored, on which questions, and which of them it had right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    set: str
    split: str | None
    engine: str
    questions_sha256: str
    metrics: dict[str, float]
    right: tuple[str, ...]


class Check(NamedTuple):
    """One condition, whether it holds, and what was found."""

    name: str
    passed: bool
    detail: str


class Verdict(NamedTuple):
    """All conditions, and the questions that the baseline had right and this run has not."""

    checks: list[Check]
    broken: list[str]

    @property
    def passed(self) -> bool:
        """Whether every condition holds."""
        return all(check.passed for check in self.checks)


def rules_path(folder: Path, set_name: str) -> Path:
    """The rules for a set: its own, else the folder's, else those of this project."""
    return next(
        (path for path in (_path(folder, "gate.toml", set_name), folder / GATE.name) if path.exists()), GATE
    )


def baseline_path(folder: Path, set_name: str) -> Path:
    """The baseline of a set."""
    return _path(folder, "baseline.json", set_name)


def _path(folder: Path, name: str, set_name: str) -> Path:
    path = folder / name
    slug = re.sub(r"[^\w.]+", "_", set_name)
    return path if set_name == "own" else path.with_stem(f"{path.stem}-{slug}")


def load_rules(path: Path) -> dict[str, Rule]:
    """The rules, by metric.

    Raises:
        EvalError: the file is missing or wrong.
    """
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: Rule.model_validate(rule) for name, rule in rules.items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise EvalError(
            f"{path}: ゲートの条件を読めません({error})。",
            "joint_accuracy = { min = 0.8, drop = 0.02 } の形に直してください。",
        ) from None


def load_baseline(path: Path) -> Baseline | None:
    """The baseline; None where there is none yet.

    Raises:
        EvalError: the file is wrong.
    """
    if not path.exists():
        return None
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EvalError(f"{path}: 基準を読めません({error})。", f"{UPDATE} で作り直してください。") from None


def make_baseline(
    config: RunConfig,
    metrics: Mapping[str, float | None],
    scores: Sequence[ItemScore],
    rules: Mapping[str, Rule],
) -> Baseline:
    """This run as the one that later runs are held against."""
    return Baseline(
        set=config.set,
        split=config.split,
        engine=config.engine,
        questions_sha256=config.questions_sha256,
        metrics={name: value for name in rules if (value := metrics.get(name)) is not None},
        right=right(scores),
    )


def save_baseline(baseline: Baseline, path: Path) -> None:
    """Write it where the next gate reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, baseline.model_dump())


def right(scores: Sequence[ItemScore]) -> tuple[str, ...]:
    """The ids of the questions that were handled right."""
    return tuple(score.id for score in scores if score.joint)


def judge(
    config: RunConfig,
    metrics: Mapping[str, float | None],
    scores: Sequence[ItemScore],
    rules: Mapping[str, Rule],
    baseline: Baseline | None,
) -> Verdict:
    """Hold a run against the rules and the baseline; what was not measured does not pass."""
    comparable = _comparable(config, baseline)
    checks = [] if comparable.passed else [comparable]
    known = baseline.metrics if baseline is not None and comparable.passed else {}
    for name, rule in rules.items():
        checks += _checks(name, rule, metrics.get(name), known.get(name))
    now = set(right(scores))
    before = baseline.right if known and baseline is not None else ()
    return Verdict(checks, [item for item in before if item not in now])


def _checks(name: str, rule: Rule, value: float | None, before: float | None) -> list[Check]:
    if value is None:
        return [Check(name, False, "測られていません")]
    found = []
    if rule.min is not None:
        found.append(Check(name, value >= rule.min - _EPSILON, f"{value:.4f} ≥ {rule.min:g}"))
    if rule.max is not None:
        found.append(Check(name, value <= rule.max + _EPSILON, f"{value:.4f} ≤ {rule.max:g}"))
    if before is not None and rule.drop is not None:
        low = before - rule.drop
        found.append(
            Check(
                name, value >= low - _EPSILON, f"{value:.4f} ≥ {low:.4f}(基準 {before:.4f} − {rule.drop:g})"
            )
        )
    if before is not None and rule.rise is not None:
        high = before + rule.rise
        found.append(
            Check(
                name, value <= high + _EPSILON, f"{value:.4f} ≤ {high:.4f}(基準 {before:.4f} + {rule.rise:g})"
            )
        )
    return found


_EPSILON = 1e-6
"""Baselines are kept with six digits."""


def _comparable(config: RunConfig, baseline: Baseline | None) -> Check:
    if baseline is None:
        return Check("baseline", False, f"まだありません。{UPDATE} で作ってください")
    ours = (config.set, config.split, config.engine, config.questions_sha256)
    theirs = (baseline.set, baseline.split, baseline.engine, baseline.questions_sha256)
    same = ours == theirs
    return Check("baseline", same, "" if same else f"質問かエンジンが違います。{UPDATE} で作り直してください")


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict for machines."""
    return {
        "passed": verdict.passed,
        "checks": [check._asdict() for check in verdict.checks],
        "broken": verdict.broken,
    }
