"""Katakana and Latin spellings of one sound: アンソロピック and Anthropic.

Each mora can be written with certain Latin letters (ロー with ro, law, role …). An alignment of the two spellings has
a cost, the sum over its morae; spellings of one name align cheaply. No list of names is involved. The costs were chosen
on the loanwords of UniDic, whose dictionary gives the word that each comes from.
"""

from __future__ import annotations

import itertools
import math
import re
from functools import lru_cache

from rag.morae import LETTER_NAMES, MORAE, Mora, morae

LIMIT = 0.2
"""Cost for each mora after the first up to which two spellings count as one name: short ones must agree better."""


def _table(text: str) -> dict[str, float]:
    """`"o au a:.4"` → the letters with what each costs; `-` is no letter."""
    pairs = (entry.partition(":") for entry in text.split())
    return {letters.replace("-", ""): float(cost or 0) for letters, _, cost in pairs}


_VOWELS = {
    "a": _table("a u o:.5 e:.5 er:.2 or:.3 ar:.3 ou:.4 ea:.5 ah -:.8 i:.7"),
    "i": _table("i y e:.3 ee ea ie ey -:.4 a:.6 u:.7 ui:.3"),
    "u": _table("- u e:.2 oo o:.5 ou ew w ue a:.8 i:.7"),
    "e": _table("e a:.3 ea ai:.2 ie:.3 i:.5 ae eo:.4 -:.8 u:.8"),
    "o": _table("o a:.4 au aw oa ou:.2 ow:.2 u:.6 e:.7 -:.8"),
    "aa": _table("ar er or:.2 ir ur a ah our:.2 re ear:.2 r:.3 aa o:.5 yr:.2 eur:.2"),
    "ii": _table("ee ea e i ie y ey ei ii"),
    "uu": _table("oo u ou ew ue ui o:.3 w ieu iew eu oe:.3 uu"),
    "ee": _table("a ai ay ei ey e ea eh ae air:.2 ee:.3 ar:.4"),
    "oo": _table("o oa ow ou:.2 au aw or ore oe oh a:.2 oor our ough al:.4 oar oo ur:.4 er:.5 ar:.3"),
    "ai": _table("i y ai ay ei ie igh ye uy eye ae:.3"),
    "au": _table("ou ow au:.3 aw ao"),
    "oi": _table("oi oy"),
}
_LONG = {"aー": "aa", "iー": "ii", "uー": "uu", "eー": "ee", "oー": "oo", "aイ": "ai", "eイ": "ee",
         "aウ": "au", "oウ": "oo", "oイ": "oi"}  # fmt: skip

_CONSONANTS = {
    "": _table("- h:.5 y:.4 w:.5"),
    "k": _table("k c q ch ck qu kh x:.6 g:.7"),
    "g": _table("g gh gu k:.7"),
    "s": _table("s c th sc z:.5 ps x:.5"),
    "sh": _table("sh shi:.1 s c ch ti si ci sci sch ssi sy"),
    "z": _table("z s th x ds:.3"),
    "j": _table("j g dg z d di s:.3 gi dj"),
    "t": _table("t th d:.7 pt:.3"),
    "ch": _table("ch t tch c:.3 ti tu:.3 ts:.4 cz"),
    "ts": _table("ts tz t z s:.5 c:.5"),
    "d": _table("d th:.5 t:.7"),
    "n": _table("n kn gn"),
    "h": _table("h wh j:.5 x:.7 -:.6"),
    "f": _table("f ph h:.2 gh:.3 wh:.4 v:.7"),
    "b": _table("b v:.1 bh"),
    "v": _table("v b:.5 w:.2 f:.6"),
    "p": _table("p ph:.6 b:.7"),
    "m": _table("m mb:.2"),
    "y": _table("y j i:.2 -:.2 u:.5"),
    "r": _table("r l rh:.2 wr:.2"),
    "w": _table("w wh u o:.2 -:.3 v:.4"),
    "kw": _table("qu kw cu q:.2 cw"),
    "gw": _table("gu gw"),
}
_NASAL = _table("n m ng:.1 nd:.5 mb:.4 gn:.4")
_SKIPPED = {"h": 0.3, "e": 0.3, "r": 0.3, "w": 0.4, "u": 0.6, "t": 0.6, "g": 0.6, "d": 0.7, "i": 0.6, "b": 0.7,
            "p": 0.7, "o": 0.7, "a": 0.7, "l": 0.7, "y": 0.6, "k": 0.7, "n": 0.9}  # fmt: skip
"""Letters that may be silent."""

_LONGEST = 6
"""Letters that one beat can stand for at most."""

_LATIN = re.compile(r"[a-z]+")


def sounds_like(katakana: str, latin: str) -> bool:
    """Whether a katakana word and a lower-case Latin word (spaces do not count) spell the same sounds."""
    return distance(katakana, latin) < math.inf


@lru_cache(maxsize=1 << 14)
def distance(katakana: str, latin: str) -> float:
    """The cost of the best alignment, 0 for spellings that agree; infinite when it is above the limit."""
    beats, letters = morae(katakana), _simplified(latin.replace(" ", ""))
    if not beats or not _LATIN.fullmatch(letters):
        return math.inf
    starts = _mora_starts(katakana)
    limit = LIMIT * (len(beats) - 1) + 1e-9
    best = [[math.inf] * (len(letters) + 1) for _ in range(len(beats) + 1)]
    best[0][0] = 0.0
    for i in range(len(beats) + 1):
        for j in range(len(letters) + 1):
            here = best[i][j]
            if here > limit:
                continue
            if j < len(letters):
                _relax(best, i, j + 1, here + _SKIPPED.get(letters[j], 1.0))
            if i < len(beats):
                for count, spelled in _steps(beats, i, katakana, starts):
                    for end in range(j, min(j + _LONGEST, len(letters)) + 1):
                        cost = spelled.get(letters[j:end])
                        if cost is not None:
                            _relax(best, i + count, end, here + cost)
    return best[-1][-1] if best[-1][-1] <= limit else math.inf


def _relax(best: list[list[float]], i: int, j: int, cost: float) -> None:
    best[i][j] = min(best[i][j], cost)


def _simplified(latin: str) -> str:
    """Doubled consonants once, x as ks (z at the start): no mora tells them apart."""
    return _single(latin).replace("x", "ks")


def _single(latin: str) -> str:
    single = re.sub(r"([bcdfghjklmnpqrstvwxz])\1", r"\1", latin)
    return "z" + single[1:] if single.startswith("x") and len(single) > 1 else single


@lru_cache(maxsize=1 << 12)
def _mora_starts(katakana: str) -> dict[int, int]:
    """Number of the mora that begins at each place of the word, and, at the end, of the one after the last."""
    starts, at, number = {}, 0, 0
    while at < len(katakana):
        starts[at] = number
        at += 2 if katakana[at : at + 2] in MORAE else 1
        number += 1
    return {**starts, len(katakana): number}


def _steps(
    beats: tuple[Mora, ...], i: int, katakana: str, starts: dict[int, int]
) -> list[tuple[int, dict[str, float]]]:
    """How many morae may be read next, and the letters each reading stands for."""
    place = next(at for at, number in starts.items() if number == i)
    found = []
    for size in (2, 3, 4, 5):
        letter = LETTER_NAMES.get(katakana[place : place + size])
        if letter and place + size in starts:
            found.append((starts[place + size] - i, {letter: 0.0}))
    consonant, vowel = beats[i]
    if vowel == "=":
        return [(1, {consonant: 0.0})]
    if consonant in ("ー", "ッ"):
        return [*found, (1, {"": 0.0, **({"r": 0.1} if consonant == "ー" else {})})]
    if consonant == "ン":
        return [*found, (1, _NASAL)]
    found.append((1, _spellings(consonant, vowel)))
    if i + 1 < len(beats):
        following = beats[i + 1]
        sign = following.consonant or {"i": "イ", "u": "ウ"}.get(following.vowel, "")
        if vowel + sign in _LONG:
            found.append((2, _spellings(consonant, _LONG[vowel + sign])))
    return found


@lru_cache(maxsize=512)
def _spellings(consonant: str, vowel: str) -> dict[str, float]:
    letters: dict[str, float] = {}
    for before, one in _CONSONANTS[consonant].items():
        for after, other in _vowels(consonant, vowel).items():
            cost = one + other
            if cost < letters.get(before + after, math.inf):
                letters[before + after] = cost
    return letters


def _vowels(consonant: str, vowel: str) -> dict[str, float]:
    """Consonants without a vowel of their own end in u, after t and d in o, after ch and j in i."""
    table = _VOWELS[vowel]
    if (vowel == "o" and consonant in ("t", "d")) or (vowel == "i" and consonant in ("ch", "j", "sh", "k")):
        return {**table, "": 0.0, "e": 0.0}
    if vowel == "u" and not consonant:
        return {letters: cost for letters, cost in table.items() if letters} | {"": 0.6}
    return table


# --- sound keys ---------------------------------------------------------------------------------------------------

_NAMED = re.compile("|".join(sorted(LETTER_NAMES, key=len, reverse=True)))
_CLASS = {
    "k": "K", "g": "K", "kw": "K", "gw": "K", "s": "S", "sh": "S", "z": "S", "j": "S", "t": "T", "d": "T", "ch": "T",
    "ts": "T", "n": "N", "m": "N", "ン": "N", "h": "H", "f": "H", "b": "P", "v": "P", "p": "P", "r": "R",
    "c": "K", "q": "K", "l": "R", "x": "KS",
}  # fmt: skip
_LATIN_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sch", ("S",)), ("tch", ("T",)), ("ch", ("T", "K", "S")), ("ck", ("K",)), ("ph", ("H",)), ("sh", ("S",)),
    ("th", ("S", "T", "TH")), ("wh", ("",)), ("ng(?![aeiou])", ("NK", "N")), ("(?<=.)re$", ("", "R")), ("h$", ("", "H")), ("gh(?=[aeiou])", ("K",)), ("gh", ("", "H")), ("dg(?=[ei])", ("S",)),
    ("[ts]s?i(?=[aou])", ("S", "T")), ("kn", ("N",)), ("t[sz]", ("T",)), ("sc(?=[eiy])", ("S",)), ("qu?", ("K",)),
    ("c(?=[eiy])", ("S",)), ("g(?=[eiy])", ("S", "K")), ("xc?", ("KS",)), ("di", ("T", "S")), ("ds$", ("S", "TS")), ("[ckg]", ("K",)), ("[szj]", ("S",)),
    ("[td]", ("T",)), ("[nm]", ("N",)), ("[bpv]", ("P",)), ("f", ("H",)), ("h(?=[aeiouy])", ("H", "")),
    ("(?<=[aeiou])r(?![aeiouy])", ("", "R")), ("[rl]", ("R",)), (".", ("",)),
)  # fmt: skip
_RULES = [(re.compile(pattern), classes) for pattern, classes in _LATIN_RULES]
_MOST_KEYS = 8
_OPEN = "A"
"""Marks names that begin with a vowel or with w or y, which often are written as one."""


@lru_cache(maxsize=1 << 14)
def sound_keys(name: str) -> tuple[str, ...]:
    """Rough classes of a name's consonants, several where the spelling is ambiguous; empty for other scripts.

    Two spellings that `sounds_like` accepts nearly always share a key; sharing one says little by itself.
    """
    if _LATIN.match(name) and name.isascii():
        return _latin_keys(name)
    spelled = _NAMED.sub(_letter, name)
    others = _latin_keys(spelled) if spelled.isascii() else (_kana_key(spelled),)
    return tuple(dict.fromkeys(filter(None, (_kana_key(name), *others))))


def _letter(name: re.Match[str]) -> str:
    return LETTER_NAMES[name.group()]


def _kana_key(name: str) -> str:
    beats = morae(name)
    if not beats:
        return ""
    opening = beats[0].consonant in ("", "y", "w") or beats[0].consonant in "aiueoyw"
    return _OPEN * opening + "".join(_CLASS.get(mora.consonant, "") for mora in beats)


def _latin_keys(latin: str) -> tuple[str, ...]:
    """Word by word: the end of one is no consonant cluster with the beginning of the next."""
    words = [_word_keys(word) for word in latin.split()]
    if not words:
        return ()
    joined = itertools.islice(itertools.product(*words), _MOST_KEYS)
    return tuple(
        dict.fromkeys(key[0] + "".join(each.removeprefix(_OPEN) for each in key[1:]) for key in joined)
    )


def _word_keys(word: str) -> tuple[str, ...]:
    letters = _single(word)
    keys, at = [_OPEN if re.match(r"[aeiouyw]|h(?![aeiouy])", letters) else ""], 0
    while at < len(letters):
        pattern, classes = next((m, c) for m, c in ((r.match(letters, at), c) for r, c in _RULES) if m)
        keys = [key + one for key in keys for one in classes][:_MOST_KEYS]
        at = pattern.end()
    return tuple(dict.fromkeys(keys))
