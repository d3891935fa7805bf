"""Katakana words as beats (morae), and the katakana names of Latin letters."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

LETTER_NAMES = dict(
    zip(
        "エー ビー シー ディー イー エフ ジー エイチ アイ ジェー ケー エル エム エヌ オー ピー キュー アール エス ティー "
        "ユー ブイ ダブリュー エックス ワイ ゼット エイ エッチ ジェイ ケイ ヴィ".split(),
        "abcdefghijklmnopqrstuvwxyzahjkv",
        strict=True,
    )
)
"""A letter spelled out in katakana, and the letter."""

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サ スセソ", "z": "ザ ズゼゾ", "t": "タ  テト",
    "d": "ダ  デド", "n": "ナニヌネノ", "h": "ハヒ ヘホ", "b": "バビブベボ", "p": "パピプペポ", "m": "マミムメモ",
    "y": "ヤ ユ ヨ", "r": "ラリルレロ", "w": "ワ   ヲ", "sh": " シ   ", "j": " ジ   ", "ch": " チ   ", "ts": "  ツ  ",
    "f": "  フ  ", "v": "  ヴ  ",
}  # fmt: skip
_PAIRS = {
    "sh": "シャ シュ シェ ショ", "j": "ジャ ジュ ジェ ジョ", "ch": "チャ チュ チェ チョ", "f": "ファ フィ フェ フォ フュ",
    "v": "ヴァ ヴィ ヴェ ヴォ ヴュ", "w": "ウィ ウェ ウォ ウァ", "t": "ティ トゥ テュ", "d": "ディ ドゥ デュ",
    "ts": "ツァ ツィ ツェ ツォ", "kw": "クァ クィ クェ クォ クヮ", "gw": "グァ グィ グェ グォ グヮ", "y": "イェ",
    "k": "キャ キュ キョ", "g": "ギャ ギュ ギョ", "n": "ニャ ニュ ニョ", "h": "ヒャ ヒュ ヒョ", "b": "ビャ ビュ ビョ",
    "p": "ピャ ピュ ピョ", "m": "ミャ ミュ ミョ", "r": "リャ リュ リョ", "s": "スィ", "z": "ズィ",
}  # fmt: skip
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o", "ャ": "a", "ュ": "u", "ョ": "o", "ヮ": "a"}


class Mora(NamedTuple):
    """One beat: consonant and vowel. ー, ッ and ン stand as themselves in `consonant`; so do letters, with vowel `=`."""

    consonant: str
    vowel: str


def _morae_table() -> dict[str, Mora]:
    single = {
        kana: Mora(consonant, vowel)
        for consonant, row in _ROWS.items()
        for kana, vowel in zip(row.ljust(5), "aiueo", strict=True)
        if kana != " "
    }
    double = {pair: Mora(cons, _SMALL[pair[1]]) for cons, row in _PAIRS.items() for pair in row.split()}
    special = {"ー": Mora("ー", ""), "ッ": Mora("ッ", ""), "ン": Mora("ン", ""), "ヂ": Mora("j", "i")}
    small = {kana: Mora("", vowel) for kana, vowel in _SMALL.items()}
    return {**small, **single, **double, **special, "ヅ": Mora("z", "u")}


MORAE = _morae_table()
_KATAKANA = re.compile(r"[a-z]*[ァ-ヴー][ァ-ヴーa-z]*")


@lru_cache(maxsize=1 << 14)
def morae(katakana: str) -> tuple[Mora, ...]:
    """The beats of a word in katakana (full width, ァ to ヴ and ー), in which letters may stand: オープンai.

    Empty for anything else.
    """
    if not _KATAKANA.fullmatch(katakana):
        return ()
    found, at = [], 0
    while at < len(katakana):
        size = 2 if katakana[at : at + 2] in MORAE else 1
        piece = katakana[at : at + size]
        mora = Mora(piece, "=") if piece.isascii() else MORAE.get(piece)
        if mora is None:
            return ()
        found.append(mora)
        at += size
    return tuple(found)
