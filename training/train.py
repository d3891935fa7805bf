"""Train the reader on JaQuAD and on articles of our own until a time of day, with a learning rate that has then fallen to nothing.

    python -m training.train --data jaquad-train.json.gz --output DIR --minutes 90

The schedule follows the clock, because how far a shared CPU gets in that time is not known before. A run that
was stopped goes on where its last checkpoint was: run the same command again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training import sampling
from training.data import Data, load
from training.development import collate, judge
from training.network import Logits
from training.sampling import SEED, UNKNOWN, Example
from training.start import from_shipped_encoder
from training.threads import FreeCores
from training.written import with_written

ENCODER_RATE, HEAD_RATE = 1.5e-4, 1e-3
WARM_UP = 60
TOKENS = 1600
"""Of a batch, about ten examples: with few examples in all, many small steps learn more."""

SAVE_EVERY, JUDGE_EVERY = 300.0, 1200.0
JUDGED, JUDGED_LAST = 40, 200


class Run:
    """A network in training: its optimiser, what it has seen, and the clock."""

    def __init__(self, output: Path, until: datetime, begin: float | None = None) -> None:
        self.output = output
        self.begin = begin
        self.net = from_shipped_encoder()
        heads = [p for name, p in self.net.named_parameters() if name.startswith(("span", "passage", "seg"))]
        known = {id(parameter) for parameter in heads}
        encoder = [p for p in self.net.parameters() if p.requires_grad and id(p) not in known]
        groups = [{"params": encoder, "peak": ENCODER_RATE}, {"params": heads, "peak": HEAD_RATE}]
        self.optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        self.step = self.pool = self.examples = self.tokens = 0
        self.before = 0.0  # seconds of earlier runs
        self.began = time.monotonic()
        self.left = (until - datetime.now(UTC)).total_seconds()

    @property
    def seconds(self) -> float:
        """Time trained, earlier runs included."""
        return self.before + time.monotonic() - self.began

    @property
    def progress(self) -> float:
        """Place in the schedule, 0 to 1: how much of the time is gone, or of this run's from `begin` on."""
        if self.begin is None:
            return min(1.0, self.seconds / (self.before + self.left))
        gone = (time.monotonic() - self.began) / self.left
        return min(1.0, self.begin + (1 - self.begin) * gone)

    def resume(self) -> None:
        """Take up the last checkpoint, if there is one."""
        path = self.output / "checkpoint.pt"
        if path.is_file():
            state: dict[str, Any] = torch.load(path, weights_only=True)
            self.net.load_state_dict(state.pop("net"))
            self.optimiser.load_state_dict(state.pop("optimiser"))
            vars(self).update(state)
            self.pool += 1  # the rest of a pool is left out rather than its beginning seen twice

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        kept = {name: getattr(self, name) for name in ("step", "pool", "examples", "tokens")}
        state = {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict(), **kept}
        part = self.output / "checkpoint.part"
        torch.save({**state, "before": self.seconds}, part)
        part.replace(self.output / "checkpoint.pt")

    def log(self, entry: dict[str, Any]) -> None:
        """Append to `log.jsonl`, which the chart is drawn from."""
        seen = {"step": self.step, "seconds": round(self.seconds), "examples": self.examples}
        line = json.dumps({**seen, "tokens": self.tokens, **entry})
        print(line, flush=True)
        with (self.output / "log.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")


def losses(logits: Logits, batch: list[Example]) -> dict[str, Tensor]:
    """Span, answerability and relevance, and that an answering passage stands above one that does not."""
    relevance = torch.tensor([example.relevance for example in batch], dtype=torch.float32)
    answerable = torch.tensor([example.answerable for example in batch], dtype=torch.float32)
    span = functional.cross_entropy(logits.start, torch.tensor([example.start for example in batch]))
    span = span + functional.cross_entropy(logits.end, torch.tensor([example.end for example in batch]))
    known = relevance != UNKNOWN
    found = {
        "span": span,
        "answerable": functional.binary_cross_entropy_with_logits(logits.answerable, answerable),
    }
    if bool(known.any()):
        found["relevance"] = functional.binary_cross_entropy_with_logits(
            logits.relevance[known], relevance[known]
        )
    pairs = [n for n in range(1, len(batch)) if batch[n].pair == batch[n - 1].pair]
    if pairs:
        wrong, right = torch.tensor(pairs), torch.tensor(pairs) - 1
        gap = torch.stack([logits.answerable[right] - logits.answerable[wrong]])
        ranked = [n for n in pairs if batch[n].relevance == 0]
        if ranked:
            other = torch.tensor(ranked)
            gap = torch.cat([gap[0], logits.relevance[other - 1] - logits.relevance[other]])
        found["order"] = functional.softplus(-gap).mean()
    return found


def _pool(run: Run, data: Data) -> Iterator[list[Example]]:
    rng = random.Random(SEED * 1_000_003 + run.pool)
    groups = [
        sampling.examples(data, question, n, run.progress, rng)
        for n, question in sampling.questions(data, run.pool)
    ]
    yield from sampling.batches([group for group in groups if group], TOKENS, rng)


def _update(run: Run, batch: list[Example]) -> dict[str, float]:
    decay = min(1.0, (run.step + 1) / WARM_UP) * (1 - run.progress)
    for group in run.optimiser.param_groups:
        group["lr"] = group["peak"] * decay
    ids, segments, lengths = collate([example.input for example in batch])
    with torch.autocast("cpu", torch.bfloat16):
        logits = run.net(ids, segments, lengths)
    parts = losses(logits, batch)
    run.optimiser.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()
    torch.nn.utils.clip_grad_norm_([p for p in run.net.parameters() if p.requires_grad], 1.0)
    run.optimiser.step()
    run.step += 1
    run.examples += len(batch)
    run.tokens += ids.numel()
    return {name: part.item() for name, part in parts.items()}


def train(run: Run, data: Data, cores: FreeCores) -> None:
    """Steps until the time is over, with a checkpoint and a look at held-out articles now and then."""
    shuffled = random.Random(SEED).sample(data.development, len(data.development))
    saved = judged = run.seconds
    recent: list[dict[str, float]] = []
    while run.progress < 1:
        for batch in _pool(run, data):
            torch.set_num_threads(cores.count())
            recent.append(_update(run, batch))
            if run.step % 20 == 0:
                names = dict.fromkeys(name for one in recent for name in one)
                means = {name: [one[name] for one in recent if name in one] for name in names}
                logged = {name: round(float(np.mean(values)), 4) for name, values in means.items()}
                run.log({**logged, "threads": torch.get_num_threads()})
                recent = []
            if run.seconds - judged > JUDGE_EVERY:
                run.log({"development": judge(run.net, data, shuffled[:JUDGED])})
                judged = run.seconds
            if run.seconds - saved > SAVE_EVERY:
                run.save()
                saved = run.seconds
            if run.progress >= 1:
                break
        run.pool += 1
    run.save()
    run.log({"development": judge(run.net, data, shuffled[:JUDGED_LAST]), "finished": True})


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="jaquad-train.json.gz")
    parser.add_argument("--output", type=Path, required=True, help="checkpoint.pt and log.jsonl go here")
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--minutes", type=float, help="how long to train from now on")
    when.add_argument("--until", help="UTC time of day to train until, such as 08:25")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="at most (default: %(default)s)")
    parser.add_argument(
        "--freeze", type=int, default=0, help="layers that learn no more (default: %(default)s)"
    )
    parser.add_argument(
        "--begin", type=float, help="place in the schedule, 0 to 1, to go on from: with new data, earlier"
    )
    options = parser.parse_args()
    torch.manual_seed(SEED)
    options.output.mkdir(parents=True, exist_ok=True)
    data = with_written(load(options.data, options.output / "data.pickle"))
    run = Run(options.output, _end(options.minutes, options.until), options.begin)
    run.resume()
    run.net.frozen = options.freeze
    train(run, data, FreeCores(options.threads))


def _end(minutes: float | None, until: str | None) -> datetime:
    now = datetime.now(UTC)
    if until is None:
        return now + timedelta(minutes=minutes or 0)
    hour, minute = (int(part) for part in until.split(":"))
    end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return end if end > now else end + timedelta(days=1)


if __name__ == "__main__":
    main()
