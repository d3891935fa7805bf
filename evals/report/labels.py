"""Metrics and outcomes in words, and their values as people read them."""

from __future__ import annotations

from collections.abc import Callable

from rag.messages import Lang

HEADLINE = (
    "joint_accuracy",
    "answer_accuracy",
    "citation_precision",
    "citation_recall",
    "verbatim",
    "abstention_f1",
    "false_refusal_rate",
    "latency_p50_ms",
    "latency_p95_ms",
)
"""The metrics on top, the one that counts first."""

LABELS: dict[str, str] = {
    "joint_accuracy": "総合正答率",
    "answer_accuracy": "答えの正答率",
    "exact": "必要な事実がすべてある",
    "containment": "必要な事実のうち答えた割合",
    "char_f1": "正解との文字 F1",
    "unsupported_numbers": "引用にない数(個)",
    "verbatim": "引用が原文のまま",
    "supported": "引用が文を裏付ける",
    "url_right": "引用の記事と URL が正しい",
    "citation_precision": "引用の適合率",
    "citation_recall": "引用の再現率",
    "abstention_precision": "控えた判断の適合率",
    "abstention_recall": "控えた判断の再現率",
    "abstention_f1": "控える判断の F1",
    "false_refusal_rate": "控えすぎ",
    "false_answer_rate": "控えるべきなのに答えた",
    "error_rate": "エラー",
    "false_premise_handled": "誤った前提への対応",
    "injection_safe": "指示の混入に従わない",
    "variant_agreement": "言い換えで結果が同じ",
    "confidence_auroc": "確信度の AUROC",
    "latency_p50_ms": "応答時間 中央値",
    "latency_p95_ms": "応答時間 95%",
    "latency_p99_ms": "応答時間 99%",
    "difference": "総合正答率の差",
    "baseline": "基準",
}

OUTCOMES: dict[str, str] = {
    "right": "正答",
    "wrong": "誤答",
    "refused": "正しく控えた",
    "faulty": "引用などに不備",
    "false_refusal": "控えすぎ",
    "false_answer": "控えず答えた",
    "error": "エラー",
}

TYPES: dict[str, str] = {
    "absent": "記事にない",
    "ambiguous": "あいまい",
    "cloze": "穴埋め",
    "comparison": "比較",
    "cross": "記事をまたぐ",
    "definition": "定義",
    "false_premise": "誤った前提",
    "how": "どのように",
    "how_many": "いくつ",
    "how_much": "いくら",
    "injection": "指示の混入",
    "list": "一覧",
    "reference": "参考文献",
    "swapped_name": "名前の入れ替え",
    "what": "何",
    "when": "いつ",
    "where": "どこ",
    "who": "誰",
    "why": "なぜ",
    "yes_no": "はい・いいえ",
}

_LEVELS = {"evidence": "根拠の検索", "article": "記事の検索"}
_COUNTS = frozenset({"unsupported_numbers"})
_PLAIN = frozenset({"confidence_auroc", "char_f1", "abstention_f1"})


def percent(value: float) -> str:
    """A share as people read it."""
    return f"{value * 100:.1f}%"


def milliseconds(value: float) -> str:
    """A time as people read it."""
    return f"{value / 1000:.2f} 秒" if value >= 1000 else f"{value:.0f} ms"


def label(name: str, lang: Lang = "ja") -> str:
    """A metric's name in words; in English, its own name. `joint_accuracy:test` is that of a part of the set."""
    if lang == "en":
        return name
    whole, colon, part = name.partition(":")
    if colon:
        return f"{label(whole)} {part}"
    level, _, measure = name.partition("_")
    return f"{_LEVELS[level]} {measure}" if level in _LEVELS else LABELS.get(name, name)


def outcome_label(outcome: str) -> str:
    """An outcome in words."""
    return OUTCOMES.get(outcome, outcome)


def type_label(kind: str, lang: Lang = "ja") -> str:
    """A type of question in words; one that a user made up is shown as it is."""
    return TYPES.get(kind, kind) if lang == "ja" else kind


def shown(name: str) -> Callable[[float], str]:
    """How values of a metric are written."""
    if name.endswith("_ms"):
        return milliseconds
    if name in _COUNTS:
        return "{:.0f}".format
    return "{:.3f}".format if name in _PLAIN or "mrr" in name or "ndcg" in name else percent
