"""Where a model's cosines begin: some give unrelated texts .75, others 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rag.types import Vectors

_PAIRS = (
    ("味噌汁のだしは何で取りますか?", "昆布と煮干しを水に浸し、弱火で温めて味噌汁のだしを取る。"),
    ("火星の一日は何時間ですか?", "火星は約24時間40分で自転し、一日の長さは地球に近い。"),
    ("この鉄道が開通したのはいつ?", "市内を走る路面電車は明治末期に最初の区間が開通した。"),
    (
        "Who wrote the first spreadsheet program?",
        "The first spreadsheet program was written by two students.",
    ),
    ("決算で利益が減った理由は?", "原材料の値上がりで、四半期の営業利益は前の年を下回った。"),
    ("ペンギンはどこに巣を作る?", "ペンギンの多くは岩場や地面の穴に巣を作り、夫婦で卵を温める。"),
)
"""Questions with passages that answer them; every other combination is unrelated."""


def unrelated_cosine(
    embed_queries: Callable[[Sequence[str]], Vectors], embed_documents: Callable[[Sequence[str]], Vectors]
) -> float:
    """A low cosine (10th percentile) of questions and passages about something else, between 0 and .95."""
    queries = embed_queries([question for question, _ in _PAIRS])
    documents = embed_documents([passage for _, passage in _PAIRS])
    cosines = queries @ documents.T
    unrelated = cosines[~np.eye(len(_PAIRS), dtype=bool)]
    return float(np.clip(np.quantile(unrelated, 0.1), 0.0, 0.95))
