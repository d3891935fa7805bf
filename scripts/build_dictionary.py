"""Write `rag/data/dictionary.tsv`: common English words and how Japanese puts them, out of EDICT.

    python scripts/build_dictionary.py --edict edict --corpus jaquad-train.json.gz

`--edict`: the file of that name in Debian's package `edict` (EDRDG, CC BY-SA), in EUC-JP. Only its entries marked
common are read. Of many Japanese words for one English word those stand first that name it first among their
meanings and that Japanese Wikipedia paragraphs (JaQuAD, CC BY-SA) use most often.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rag.english import DICTIONARY
from rag.japanese import STOP_WORDS, fold, words

MOST = 4
"""Japanese words kept for an English one."""

WEAKEST = 0.35
"""Share of the best score that a word needs to be kept."""

_ENTRY = re.compile(r"^(?P<words>\S+) (?:\[[^\]]*\] )?/(?P<senses>.*)/$")
_NOTE = re.compile(r"\([^)]*\)|\{[^}]*\}")
_ENGLISH = re.compile(r"[a-z][a-z-]+")
_NOT_CONTENT = re.compile(r"\((?:[^)]*,)?(?:prt|int|exp|conj|aux|aux-v|pref|suf|ctr|pn|cop|num)(?:,[^)]*)?\)")
_NOUN_ENDINGS = {
    "ment": ("",),
    "ation": ("ate", "e", ""),
    "ion": ("e", "", "ate"),
    "al": ("", "e"),
    "ance": ("",),
    "ing": ("", "e"),
}

HEADER = """\
# Common English words and how Japanese puts them, written by scripts/build_dictionary.py; edit glossary.tsv instead.
# From EDICT of the Electronic Dictionary Research and Development Group (https://www.edrdg.org/), used under its
# licence, CC BY-SA 4.0, which holds for this file too.
"""


class Entry(NamedTuple):
    """A common Japanese word with its English meanings in order; `verbal`: becomes a verb with する."""

    word: str
    meanings: tuple[str, ...]
    verbal: bool


def entries(path: Path) -> Iterator[Entry]:
    """The common content words of EDICT, by their first spelling."""
    for line in path.read_text(encoding="euc-jp", errors="replace").splitlines():
        found = _ENTRY.match(line)
        if not found or "(P)" not in line or _NOT_CONTENT.search(line):
            continue
        senses = found["senses"].split("/")
        meanings = tuple(fold(_NOTE.sub("", sense)).strip() for sense in senses)
        yield Entry(
            found["words"].split(";")[0].split("(")[0], tuple(filter(None, meanings)), "vs" in senses[0]
        )


def pairs(found: list[Entry]) -> Iterator[tuple[str, str, float]]:
    """English word, Japanese word, and how near the front of the meanings: 1, less for later ones."""
    verbs = {meaning[3:] for entry in found for meaning in entry.meanings if meaning.startswith("to ")}
    for entry in found:
        for place, meaning in enumerate(entry.meanings):
            english, share = meaning.removeprefix("to "), 1 / (1 + 0.5 * place)
            if not _ENGLISH.fullmatch(english):
                continue
            yield english, entry.word, share
            if entry.verbal:
                for verb in _verbs(english) & verbs:
                    yield verb, entry.word, share


def _verbs(noun: str) -> set[str]:
    """What may be the verb of a noun: announce for announcement."""
    return {
        noun.removesuffix(ending) + instead
        for ending, others in _NOUN_ENDINGS.items()
        if noun.endswith(ending)
        for instead in others
    }


def frequency(corpus: Path, asked: set[str]) -> Counter[str]:
    """How often each Japanese word stands in the paragraphs of JaQuAD, as a word or within a compound."""
    articles = json.loads(gzip.decompress(corpus.read_bytes()))["data"]
    counts: Counter[str] = Counter()
    longest = max(map(len, asked))
    for article in articles:
        for paragraph in article["paragraphs"]:
            parsed = words(paragraph["context"])
            for i, word in enumerate(parsed):
                if word.base in asked:
                    counts[word.base] += 1
                text = word.surface
                for follower in parsed[i + 1 : i + 4]:
                    text += follower.surface
                    if len(text) > longest:
                        break
                    counts[text] += text in asked
    return counts


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--edict", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    options = parser.parse_args()
    found = list(entries(options.edict))
    counts = frequency(options.corpus, {entry.word for entry in found})
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for english, japanese, share in pairs(found):
        if english not in STOP_WORDS:
            score = share * math.log(1 + counts[japanese])
            scores[english][japanese] = max(score, scores[english].get(japanese, 0.0))
    lines = [
        f"{english}\t{' '.join(_best(scores[english]))}\n"
        for english in sorted(scores)
        if _best(scores[english])
    ]
    DICTIONARY.write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{len(lines)} English words, {DICTIONARY.stat().st_size / 1e3:.0f} kB")


def _best(scored: dict[str, float]) -> list[str]:
    ranked = sorted(scored, key=lambda word: (-scored[word], word))[:MOST]
    return [word for word in ranked if scored[word] > 0 and scored[word] >= WEAKEST * scored[ranked[0]]]


if __name__ == "__main__":
    main()
