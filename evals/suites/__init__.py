"""Public question sets behind one interface (`docs/eval-suites.md`). No data is shipped: `--data` names its folder."""

from collections.abc import Mapping

from evals.suites.jsquad import jsquad, jsquad_u
from evals.suites.litrag import litrag
from evals.suites.types import Loader, Suite, open_suite

__all__ = ["SUITES", "Loader", "Suite", "open_suite"]

SUITES: Mapping[str, Loader] = {"jsquad": jsquad, "jsquad-u": jsquad_u, "litrag": litrag}
