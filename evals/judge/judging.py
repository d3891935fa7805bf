"""An LLM reads each statement beside its quotes: a second opinion on a saved run. Never part of the gate.

    python -m evals.judge.judging RUN_DIR --model openai:NAME [--base-url http://127.0.0.1:8000/v1]

writes judge.json and judge.md into the run's folder: what the model said, and how far it agrees with the
deterministic metric. Needs the extra `llm`. The model is one that pydantic-ai knows, with the key in its
provider's own variable (OPENAI_API_KEY). With --base-url it is a model on that OpenAI-compatible server, with the
key, if it wants one, in JUDGE_API_KEY. Every verdict is on disk before the next request, and the same command goes
on where it stopped. The questions, statements and quotes are sent to the model's provider.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from evals.items import EvalError
from evals.judge.prompt import INSTRUCTIONS, Asked, put
from evals.judge.report import Agreement, StatementVerdict, Verdict, agreement, markdown
from evals.metrics import score
from evals.runs import load, write_json
from rag import RagError
from rag.answering.llm.client import Connection, OutputMode, open_agent, safe
from rag.errors import ConfigError

__all__ = ["Verdict", "agreement", "judge_folder", "judge_run"]

REPAIRS = 2
"""How often a model may mend an answer that is not as asked, before its reply counts as not judged."""

HOPELESS = 3
"""A model that has judged nothing after so many replies is not asked any more."""


class Judgement(BaseModel):
    """What the model returns: one verdict for each statement."""

    statements: list[StatementVerdict]


def judge_run(
    replies: Sequence[Mapping[str, Any]],
    model: str,
    base_url: str | None = None,
    *,
    mode: OutputMode = "tool",
    timeout: float = 60.0,
    retries: int = 2,
    known: Sequence[Verdict] = (),
    keep: Callable[[Verdict], None] | None = None,
) -> list[Verdict]:
    """The verdicts on the wire replies that answer, in their order; one request each, at temperature 0.

    `timeout` seconds bound one attempt, `retries` what the client repeats after 429, 5xx and lost connections.
    `known` verdicts on the very same are not asked for again. `keep` is told each new one at once.

    Raises:
        MissingExtra: pydantic-ai is not installed.
        EvalError: the model cannot be used, or did not answer; verdicts that were kept are not lost.
    """
    asked = [ask for reply in replies if (ask := put(reply)) is not None]
    done = {verdict.key: verdict for verdict in known if verdict.error is None}
    keys = [_key(model, base_url, mode, ask.prompt) for ask in asked]
    waiting = [(ask, key) for ask, key in zip(asked, keys, strict=True) if key not in done]
    if waiting:
        judge = _Judge(model, base_url, mode, timeout, retries)

        def take(verdict: Verdict) -> None:
            done[verdict.key] = verdict
            if keep is not None:
                keep(verdict)

        asyncio.run(judge.all(waiting, take))
    return [done[key].model_copy(update={"id": ask.id}) for ask, key in zip(asked, keys, strict=True)]


def _key(model: str, base_url: str | None, mode: str, prompt: str) -> str:
    return sha256("\0".join([model, base_url or "", mode, INSTRUCTIONS, prompt]).encode()).hexdigest()


class _Judge:
    """A model that was told what to do; what pydantic-ai raises becomes an EvalError or a reply not judged."""

    def __init__(
        self, model: str, base_url: str | None, mode: OutputMode, timeout: float, retries: int
    ) -> None:
        key = SecretStr(os.environ.get("JUDGE_API_KEY", "") if base_url else "")
        connection = Connection(model, base_url or "", key, mode)
        try:
            self._agent = open_agent(
                connection,
                Judgement,
                INSTRUCTIONS,
                name="judge",
                retries=REPAIRS,
                timeout=timeout,
                max_retries=retries,
            )
        except ConfigError as error:
            raise EvalError(
                error.message,
                "--model openai:モデル名 と、環境変数 OPENAI_API_KEY か --base-url を指定してください。",
            ) from None
        from pydantic_ai import exceptions

        self._errors = exceptions

        def one_each(context: Any, output: Judgement) -> Judgement:
            if [one.n for one in output.statements] != list(range(1, context.deps + 1)):
                raise exceptions.ModelRetry(
                    f"n が 1 から {context.deps} までの判定を、順に1つずつ返してください。"
                )
            return output

        self._agent.output_validator(one_each)

    async def all(self, waiting: Sequence[tuple[Asked, str]], take: Callable[[Verdict], None]) -> None:
        """Judge one reply after another."""
        judged = False
        async with self._agent:
            for n, (ask, key) in enumerate(waiting, 1):
                verdict = await self._one(ask, key)
                take(verdict)
                judged = judged or verdict.error is None
                if n == HOPELESS and not judged:
                    raise EvalError(
                        f"モデルは {n} 件続けて判定を返せませんでした({verdict.error})。",
                        "--base-url と --model を確かめるか、--mode を変えてください。",
                    )

    async def _one(self, ask: Asked, key: str) -> Verdict:
        try:
            result = await self._agent.run(ask.prompt, deps=ask.statements)
        except (
            self._errors.UnexpectedModelBehavior,
            self._errors.ModelContextWindowExceededError,
        ) as error:  # this reply's trouble, not the server's
            return Verdict(id=ask.id, key=key, error=safe(error))
        except (self._errors.AgentRunError, self._errors.UserError) as error:
            raise EvalError(
                f"「{ask.id}」の判定中に、モデルから応答を得られませんでした({safe(error)})。",
                "サーバー、鍵、モデル名を確かめて、同じコマンドを実行してください。判定済みの続きから始まります。",
            ) from None
        return Verdict(id=ask.id, key=key, statements=tuple(result.output.statements))


class _Saved(BaseModel):
    model: str
    base_url: str | None
    mode: str
    verdicts: list[Verdict]


def _known(path: Path, about: Mapping[str, Any]) -> list[Verdict]:
    """What the same judge said before; another one begins anew."""
    if not path.exists():
        return []
    try:
        saved = _Saved.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise EvalError(f"{path}: 読めません。", "このファイルを消して、実行し直してください。") from None
    return saved.verdicts if saved.model_dump(exclude={"verdicts"}) == about else []


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write all or nothing."""
    aside = path.with_suffix(".tmp")
    write_json(aside, content)
    aside.replace(path)


def judge_folder(
    folder: Path, model: str, base_url: str | None, mode: OutputMode, timeout: float, retries: int
) -> Agreement:
    """Judge a saved run, keeping every verdict in its judge.json as it comes, and write judge.md."""
    run = load(folder.parent, str(folder))
    target = folder / "judge.json"
    about = {"model": model, "base_url": base_url, "mode": mode}
    verdicts = {verdict.key: verdict for verdict in _known(target, about)}

    def keep(verdict: Verdict) -> None:
        verdicts[verdict.key] = verdict
        _write(target, {**about, "verdicts": [one.model_dump() for one in verdicts.values()]})
        print(f"判定 {verdict.id}", file=sys.stderr)

    replies = [{**answered.reply, "id": answered.id} for answered in run.answered]
    judged = judge_run(
        replies,
        model,
        base_url,
        mode=mode,
        timeout=timeout,
        retries=retries,
        known=list(verdicts.values()),
        keep=keep,
    )
    scores = [
        score(item, answered.reply, run.sources)
        for item, answered in zip(run.items, run.answered, strict=True)
    ]
    agreed = agreement(judged, scores)
    rates = {"n": agreed.n, "accuracy": agreed.accuracy, "kappa": agreed.kappa}
    _write(
        target,
        {
            **about,
            "agreement": {**agreed._asdict(), **rates},
            "verdicts": [one.model_dump() for one in judged],
        },
    )
    (folder / "judge.md").write_text(markdown(model, judged, agreed), encoding="utf-8", newline="\n")
    return agreed


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.judge.judging", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="rag eval が作った実行のフォルダー")
    parser.add_argument("--model", required=True, help="openai:モデル名 など")
    parser.add_argument("--base-url", help="OpenAI 互換サーバー(鍵は環境変数 JUDGE_API_KEY)")
    parser.add_argument("--mode", choices=get_args(OutputMode), default="tool", help="JSON で答えさせる方法")
    parser.add_argument("--timeout", type=float, default=60.0, help="1回の待ち時間(秒)")
    parser.add_argument("--retries", type=int, default=2, help="429・5xx・切断のときに繰り返す回数")
    options = parser.parse_args(arguments)
    try:
        judge_folder(
            options.run, options.model, options.base_url, options.mode, options.timeout, options.retries
        )
    except RagError as error:
        print(error, file=sys.stderr)
        return 1
    print(options.run / "judge.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
