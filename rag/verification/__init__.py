"""Whether quotes support what a statement says: numbers, dates, names, polarity, direction, roles and content.

No model, no randomness: what is compared is read from normalised copies by rules and small editable tables. Where
the quotes are found at all is `rag.citations.verify`'s question; `check` reports both apart.
"""

from rag.verification.problems import Kind, Problem
from rag.verification.stance import Stance, stance
from rag.verification.support import around, support
from rag.verification.verdict import StatementVerdict, Verdict, check

__all__ = ["Kind", "Problem", "Stance", "StatementVerdict", "Verdict", "around", "check", "stance", "support"]
