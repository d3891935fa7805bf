"""Write `evals/reports/retrieval.md` and its charts from the numbers that the benchmarks of ranking and speed left.

python -m evals.bench.report
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.bench.machine import described
from evals.bench.svg import Bar, bars, lines

REPORTS = Path(__file__).parents[1] / "reports"
QUALITY, SPEED = "retrieval.json", "speed.json"
_OURS = "rag"
_SHOWN = ("R@1", "R@5", "R@10", "MRR@10", "nDCG@10")


def main() -> None:
    """Write the report anew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reports", type=Path, default=REPORTS)
    write_report(parser.parse_args().reports)


def write_report(folder: Path) -> Path:
    """The report of whatever numbers there are in the folder; returns its path."""
    parts = ["# 検索の品質と速さ / Retrieval: quality and speed", _COMMANDS]
    quality, speed = _read(folder / QUALITY), _read(folder / SPEED)
    if quality:
        _charts_of_quality(quality, folder)
        parts += _quality(quality)
    if speed:
        (folder / "latency.svg").write_text(_latency_chart(speed), "utf-8")
        parts += _speed(speed)
    path = folder / "retrieval.md"
    path.write_text("\n\n".join(parts) + "\n", "utf-8")
    return path


_COMMANDS = """このファイルは次のコマンドが書きます。手で直さないでください。

```
python -m evals.bench.retrieval --data DIR --cache DIR --peers-python PYTHON   # 品質
python -m evals.bench.speed --peers-python PYTHON                              # 速さ
python -m evals.bench.report                                                   # 表と図だけを書き直す
```"""


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


# --- quality --------------------------------------------------------------------------------------------------


def _quality(found: Mapping[str, Any]) -> list[str]:
    parts = [
        "## 品質 / Quality",
        "どの実装にも同じ段落と、同梱モデルの同じベクトルを与えました。`rag` は利用者が得る既定のままで、段落を記事として取り込み、"
        "自分で分割します。ほかは各実装の既定です。95% 区間はブートストラップ(同じ段落の質問はまとめて引く)。"
        "「rag が上回る差」は同じ質問での nDCG@10 の差で、正なら rag が上です。区間が 0 をまたがなければ差があると言えます。指標は ir-measures。",
        "![JSQuAD-valid](quality.svg)",
        "### 最も近い相手との差 / Ahead of the best peer",
        "尺度ごとに最も良い他の実装を選び、同じ質問での差を示します。負なら相手が上です。区間が 0 をまたぐ差は、あるともないとも言えません。",
        _table(["", *_SHOWN], [row for name, one in found["sets"].items() for row in _ahead(name, one)]),
    ]
    for name, one in found["sets"].items():
        parts += _one_set(name, one)
    parts.append(f"測った機械: {described(found['machine'])}。")
    return parts


def _ahead(name: str, one: Mapping[str, Any]) -> list[list[str]]:
    """For each slice and measure, how far ours is ahead of the peer that is best by that measure."""
    body = []
    for part, rows in one["slices"].items():
        peers = [row for row in rows["rows"] if not row["pipeline"].startswith(_OURS)]
        if peers:
            best = [(m, max(peers, key=lambda row: row["measures"][m]["value"])) for m in _SHOWN]
            cells = [f"{_signed(peer['behind_ours'][m])} {peer['pipeline']}" for m, peer in best]
            body.append([f"{name}, {part} ({rows['questions']:,})", *cells])
    return body


def _one_set(name: str, one: Mapping[str, Any]) -> list[str]:
    parts = [f"### {name}", one["note"]]
    for part, rows in one["slices"].items():
        parts.append(f"**{part}** ({rows['questions']:,} questions, {one['passages']:,} passages)")
        head = ["", *_SHOWN, "rag が上回る差 (nDCG@10)"]
        body = [
            [
                f"**{row['pipeline']}**" if row["pipeline"] == _OURS else row["pipeline"],
                *(_estimate(row["measures"][measure]) for measure in _SHOWN),
                "–" if row["pipeline"] == _OURS else _signed(row["behind_ours"]["nDCG@10"]),
            ]
            for row in rows["rows"]
        ]
        parts.append(_table(head, body))
    if one["peer_versions"]:
        parts.append("比べた版: " + ", ".join(f"{k} {v}" for k, v in one["peer_versions"].items()) + "。")
    if one["absent"]:
        parts.append("入っていなかったので測っていないもの: " + ", ".join(one["absent"]) + "。")
    return parts


def _estimate(each: Mapping[str, Any]) -> str:
    return f"{each['value']:.3f} ({each['low']:.3f}–{each['high']:.3f})"


def _signed(each: Mapping[str, Any]) -> str:
    return f"{each['value']:+.3f} ({each['low']:+.3f}–{each['high']:+.3f})"


def _charts_of_quality(found: Mapping[str, Any], folder: Path) -> None:
    name = "jsquad" if "jsquad" in found["sets"] else next(iter(found["sets"]))
    rows = found["sets"][name]["slices"]["all"]["rows"]
    chosen = [_bar(row) for row in sorted(rows, key=lambda row: -row["measures"]["R@1"]["value"])]
    title = f"{name}: R@1, {found['sets'][name]['slices']['all']['questions']:,} questions"
    (folder / "quality.svg").write_text(bars(title, chosen, 0.0, 1.0), "utf-8")


def _bar(row: Mapping[str, Any]) -> Bar:
    each = row["measures"]["R@1"]
    return Bar(row["pipeline"], each["value"], each["low"], each["high"], row["pipeline"] == _OURS)


# --- speed ----------------------------------------------------------------------------------------------------


def _speed(found: Mapping[str, Any]) -> list[str]:
    parts = ["## 速さ / Speed", found["note"]]
    if "indexing" in found:
        parts += [
            "### 索引を作る速さ / Indexing",
            _rows(found["indexing"]["rows"]),
            found["indexing"]["note"],
        ]
    if "stages" in found:
        parts += [
            "### 1問の内訳 / One question by stage",
            _rows(found["stages"]["rows"]),
            found["stages"]["note"],
        ]
    if "scale" in found:
        parts += [
            "### 大きさ / Scale",
            "![latency](latency.svg)",
            _rows(found["scale"]["rows"]),
            found["scale"]["note"],
        ]
    if "clients" in found:
        parts += [
            "### 同時の質問 / Concurrent clients",
            _rows(found["clients"]["rows"]),
            found["clients"]["note"],
        ]
    if "targets" in found:
        parts += ["### 目標 / Targets", _rows(found["targets"])]
    parts.append(f"測った機械: {described(found['machine'])}。")
    return parts


def _latency_chart(found: Mapping[str, Any]) -> str:
    rows = found.get("scale", {}).get("rows", [])
    names = {"search p50 (ms)": "search p50", "search p95 (ms)": "search p95", "dense p50 (ms)": "dense p50",
             "lexical p50 (ms)": "lexical p50"}  # fmt: skip
    series = {
        label: [(row["chunks"], row[key]) for row in rows if key in row] for key, label in names.items()
    }
    return lines("Latency by corpus size", {k: v for k, v in series.items() if v}, "chunks", "milliseconds")


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    head = list(dict.fromkeys(key for row in rows for key in row))
    return _table(head, [[_cell(row.get(key)) for key in head] for row in rows])


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return (
            f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
        )
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
