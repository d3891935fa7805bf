"""What a statement says that its quotes do not."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "number",
    "unit",
    "bound",
    "date",
    "name",
    "role",
    "misplaced",
    "polarity",
    "direction",
    "modality",
    "quantifier",
    "content",
]
"""number: a value that is in no quote. unit: the value with another unit. bound: 以上 for 以下, or 約 left out.
date: another date, or a more precise one. name: a name that is in no quote. role: who did it to whom. misplaced: a number that the quotes give for something else.
polarity: affirmed for denied. direction: an opposite (増/減). modality: a plan told as a fact. quantifier: 全て
for 一部. content: about something else."""


class Problem(NamedTuple):
    """One thing that the quotes do not support. `text`: the words of the statement; `message`: a complaint."""

    kind: Kind
    text: str
    message: str


_JA: dict[Kind, str] = {
    "number": "「{0}」という数は引用にありません。引用にある数だけを使ってください。",
    "unit": "「{0}」の単位が引用と違います(引用では{1})。",
    "bound": "「{0}」の範囲の言い方(約・以上・以下・未満・超)が引用と違います。引用のとおりに書いてください。",
    "date": "日付「{0}」は引用にありません。引用より詳しい日付や別の日付を書かないでください。",
    "name": "「{0}」という名前は引用にありません。",
    "role": "「{0}」の主体・対象が引用と違います。誰が誰に何をしたかを引用のとおりに書いてください。",
    "misplaced": "「{0}」は引用では別のものの数・日付です。何の値かを引用のとおりに書いてください。",
    "polarity": "「{0}」の肯定・否定が引用と逆です。",
    "direction": "「{0}」は引用と反対の意味です(引用では「{1}」)。",
    "modality": "「{0}」は引用では予定・見込み・可能性など(または事実)であり、言い切り方が違います。",
    "quantifier": "「{0}」という範囲の限定が引用と違います。",
    "content": "「{0}」は引用に書かれていません。",
}
_EN: dict[Kind, str] = {
    "number": "The number “{0}” is in none of the quotes; use only numbers that they state.",
    "unit": "“{0}” has another unit in the quotes ({1}).",
    "bound": "“{0}”: the quotes state another bound (about, at least, at most, over, under); keep theirs.",
    "date": "The date “{0}” is in none of the quotes; be neither different from nor more precise than they are.",
    "name": "The name “{0}” is in none of the quotes.",
    "role": "“{0}”: the quotes say otherwise who did it to whom.",
    "misplaced": "“{0}” is stated of something else in the quotes.",
    "polarity": "“{0}” is affirmed where the quotes deny it, or denied where they affirm it.",
    "direction": "“{0}” is the opposite of what the quotes say (“{1}”).",
    "modality": "“{0}”: the quotes say planned, expected or possible where you state a fact, or the reverse.",
    "quantifier": "“{0}”: the quotes state another extent (all, some, only).",
    "content": "“{0}” is not in the quotes.",
}


def problem(kind: Kind, text: str, english: bool, found: str = "") -> Problem:
    """A problem with its complaint in the statement's language; `found`: what the quotes have instead."""
    text = text.strip()
    return Problem(kind, text, (_EN if english else _JA)[kind].format(text, found))
