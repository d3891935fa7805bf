"""How many false statements are rejected and how many true ones accepted; run it to print the table.

.venv/bin/python tests/verification_rates.py
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from verification_cases import Case, Variant, abridged, articles, cases, mutations, reworded

from rag.verification import support

KNOWN = [case for case in cases() if not case.held_out]
HELD_OUT = [case for case in cases() if case.held_out]


class Rates:
    """How many variants of each kind came out right, and those that did not."""

    def __init__(self, variants: Iterable[Variant], wanted: bool) -> None:
        self.all, self.right, self.wrong = Counter[str](), Counter[str](), list[Variant]()
        for variant in variants:
            right = (support(variant.text, [variant.source]) == ()) == wanted
            self.all[variant.kind] += 1
            self.right[variant.kind] += right
            if not right:
                self.wrong.append(variant)

    @property
    def share(self) -> float:
        return self.right.total() / self.all.total()

    def table(self) -> str:
        return "\n".join(f"  {kind:22}{self.right[kind]:5} / {self.all[kind]}" for kind in self.all)

    def __str__(self) -> str:
        wrong = [f"{one.kind}: {one.text}\n    of: {one.source}" for one in self.wrong]
        return "\n".join([f"{self.right.total()} / {self.all.total()}", self.table(), *wrong])


def false(cases: Iterable[Case]) -> list[Variant]:
    return [variant for case in cases for variant in mutations(case)]


def false_abridged(cases: Iterable[Case]) -> list[Variant]:
    return [variant for case in cases for variant in abridged(case)]


def free(cases: Iterable[Case]) -> list[Variant]:
    return [Variant("free", text, case.source) for case in cases for text in case.supported]


def true(cases: Iterable[Case]) -> list[Variant]:
    return [variant for case in cases for variant in reworded(case)] + free(cases)


def main() -> None:
    """Print the rates, without the texts that came out wrong: held-out ones are not to be looked at."""
    for name, part in (("known", [*KNOWN, *articles()]), ("held out", HELD_OUT)):
        for what, rates in (
            ("mutations rejected", Rates(false(part), wanted=False)),
            ("mutations of abridged statements rejected", Rates(false_abridged(part), wanted=False)),
            ("true statements accepted", Rates(true(part), wanted=True)),
        ):
            print(f"{name}: {what}: {rates.right.total()} / {rates.all.total()} = {rates.share:.1%}")
            print(rates.table())


if __name__ == "__main__":
    main()
