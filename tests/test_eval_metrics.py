"""One reply against one item: right replies score, and every cheap trick does not."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from evals.items import EvidenceSpan, Item
from evals.metrics import ItemScore, Source, score

FILLER = "駅前の図書館では、毎週土曜日の午後に子ども向けの読み聞かせ会が開かれています。"
FIRST = "市の人口は18億円の予算とともに発表されました。"
FACT = "ChatGPTの週間ユーザーは8億人で、2026年1月12日に発表されました。"
OTHER = "対応する国は15カ国です。"
LONG = FIRST + FACT + FILLER * 20
SOURCES = {
    "chat": Source(LONG, "https://example.com/chat"),
    "other": Source(OTHER + FILLER * 20, "https://example.com/other"),
}


def span(text: str, article_id: str = "chat") -> EvidenceSpan:
    start = SOURCES[article_id].text.index(text)
    return EvidenceSpan(article_id=article_id, start=start, end=start + len(text), text=text)


ITEM = Item(
    id="users",
    question="ChatGPTのユーザーは何人ですか?",
    accepted=(("8億人",),),
    must_not=("18億",),
    evidence=((span(FACT),),),
)
ABSENT = Item(id="absent", question="社長の趣味は何ですか?", answerable=False, must_not=("釣り",))


def citation(start: int, end: int, article_id: str = "chat", n: int = 1) -> dict[str, Any]:
    quote = SOURCES[article_id].text[start:end]
    url = SOURCES[article_id].url
    return {
        "n": n,
        "chunk_id": f"{article_id}-{n}",
        "article_id": article_id,
        "url": url,
        "title": article_id,
        "start": start,
        "end": end,
        "quote": quote,
        "quote_sha256": hashlib.sha256(quote.encode()).hexdigest(),
        "deep_link": f"{url}#:~:text=x",
    }


def cite(text: str, article_id: str = "chat", n: int = 1, **changes: Any) -> dict[str, Any]:
    start = SOURCES[article_id].text.index(text)
    return citation(start, start + len(text), article_id, n) | changes


def answer(text: str, *citations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "status": "answered",
        "answer": text,
        "statements": [{"text": text, "citations": [entry["n"] for entry in citations]}],
        "citations": list(citations),
        "hits": [],
        "reason": None,
        "confidence": 0.9,
        "suggestions": [],
        "timings_ms": {"total": 12.5},
    } | more


def refusal(**more: Any) -> dict[str, Any]:
    return {
        "status": "abstained",
        "answer": "登録された記事には、この質問の答えが見つかりませんでした。",
        "statements": [],
        "citations": [],
        "hits": [],
        "reason": "no_evidence",
        "timings_ms": {"total": 3.0},
    } | more


def judged(reply: dict[str, Any], item: Item = ITEM) -> ItemScore:
    return score(item, reply, SOURCES)


def test_a_right_answer_scores_everything() -> None:
    found = judged(answer("ユーザーは8億人です。", cite(FACT)))
    assert (found.outcome, found.joint, found.exact, found.verbatim, found.url_right) == (
        "right",
        True,
        True,
        True,
        True,
    )
    assert (found.containment, found.citation_recall, found.citation_precision) == (1, 1, 1)
    assert found.supported == 1
    assert (found.unsupported_numbers, found.latency_ms, found.confidence) == (0, 12.5, 0.9)
    assert found.explanation == "正しい答えと引用"


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("refuses", refusal()),
        ("quotes all of one article", answer(LONG, citation(0, len(LONG)))),
        (
            "quotes every chunk",
            answer(
                "8億人です。",
                *(
                    citation(at, min(at + 100, len(LONG)), n=n)
                    for n, at in enumerate(range(0, len(LONG), 100), 1)
                ),
            ),
        ),
        ("always the first sentence", answer(FIRST, cite(FIRST))),
        ("invents a citation", answer("8億人です。", cite("です", "other", quote=FACT))),
        ("names a citation that is not there", answer("8億人です。", cite(FACT)) | {"citations": []}),
        ("right without a citation", answer("8億人です。")),
        ("one digit changed", answer("9億人です。", cite(FACT))),
        ("18億 for 8億", answer("18億人です。", cite(FACT))),
        ("right article, wrong sentence", answer("8億人です。", cite(FIRST))),
        ("wrong article", answer("8億人です。", cite(OTHER, "other"))),
        ("quote shifted by one", answer("8億人です。", cite(FACT, start=LONG.index(FACT) + 1))),
        ("quote changed", answer("8億人です。", cite(FACT, quote=FACT.replace("8", "9")))),
        ("false hash", answer("8億人です。", cite(FACT, quote_sha256="0" * 64))),
        ("false address", answer("8億人です。", cite(FACT, url="https://example.com/"))),
        ("link elsewhere", answer("8億人です。", cite(FACT, deep_link="https://evil.example/"))),
        ("unknown article", answer("8億人です。", cite(FACT) | {"article_id": "none"})),
        ("two citations of one number", answer("8億人です。", cite(FACT), cite(FIRST))),
        (
            "half of the evidence",
            answer("8億人です。", citation(LONG.index(FACT), LONG.index(FACT) + len(FACT) // 2)),
        ),
        ("says everything", answer("8億人です。" + FILLER * 20, cite(FACT))),
        ("no statements", answer("8億人です。", cite(FACT)) | {"statements": []}),
        ("an error", {"status": "error", "error": {"type": "RagError", "message": "x", "hint": "y"}}),
        ("nothing", {}),
    ],
)
def test_cheap_tricks_and_faults_do_not_score(name: str, reply: dict[str, Any]) -> None:
    found = judged(reply)
    assert not found.joint, name
    assert found.explanation
    assert found.explanation != "正しい答えと引用"


def test_each_fault_shows_in_its_own_metric() -> None:
    assert judged(answer("8億人です。", cite(FIRST))).citation_recall == 0
    assert judged(answer("8億人です。", cite(FIRST))).url_right is True
    assert judged(answer("8億人です。", cite(FACT, start=LONG.index(FACT) + 1))).verbatim is False
    assert judged(answer("8億人です。")).verbatim is False
    assert judged(answer("18億人です。", cite(FACT))).must_not_ok is False
    assert judged(answer("9億人です。", cite(FACT))).unsupported_numbers == 1
    assert judged(answer("9億人です。", cite(FACT))).supported == 0
    dumped = judged(answer("8億人です。", citation(0, len(LONG))))
    assert (dumped.exact, dumped.citation_precision, dumped.citation_recall) == (True, 0, 0)
    assert "引用が長すぎる" in dumped.explanation
    refused = judged(refusal())
    assert (refused.outcome, refused.exact, refused.char_f1, refused.citation_recall) == (
        "false_refusal",
        False,
        0,
        0,
    )
    assert (refused.verbatim, refused.citation_precision) == (None, None)


def test_a_neighbouring_sentence_costs_precision_by_its_characters() -> None:
    found = judged(answer("8億人です。", cite(FIRST), cite(FACT, n=2)))
    assert found.joint
    assert found.citation_precision == pytest.approx(len(FACT) / (len(FIRST) + len(FACT)))
    twice = judged(answer("8億人です。", cite(FACT), cite(FACT, n=2)))
    assert twice.citation_precision == 1


def test_evidence_may_be_cited_in_pieces_and_in_any_alternative() -> None:
    start, end = LONG.index(FACT), LONG.index(FACT) + len(FACT)
    found = judged(answer("8億人です。", citation(start, start + 10), citation(start + 10, end, n=2)))
    assert (found.citation_recall, found.joint) == (1, True)
    either = ITEM.model_copy(update={"evidence": ((span(FACT), span(OTHER, "other")),)})
    assert judged(answer("8億人です。", cite(OTHER, "other")), either).joint
    both = ITEM.model_copy(update={"evidence": ((span(FACT),), (span(OTHER, "other"),))})
    assert judged(answer("8億人です。", cite(FACT)), both).citation_recall == 0.5
    assert not judged(answer("8億人です。", cite(FACT)), both).url_right
    assert judged(answer("8億人です。", cite(FACT), cite(OTHER, "other", n=2)), both).joint


def test_what_should_be_refused() -> None:
    assert judged(refusal(), ABSENT).joint
    assert judged(refusal(), ABSENT).exact is None
    answered = judged(answer(FIRST, cite(FIRST)), ABSENT)
    assert (answered.outcome, answered.joint) == ("false_answer", False)
    assert not judged(refusal(answer="趣味は釣りです。"), ABSENT).joint
    corrected = answer(FIRST, cite(FIRST), reason="false_premise")
    assert (judged(corrected, ABSENT).outcome, judged(corrected, ABSENT).joint) == ("refused", True)
    unproven = answer(FIRST, reason="false_premise")
    assert judged(unproven, ABSENT).outcome == "false_answer"
    assert judged({"status": "error"}, ABSENT).outcome == "error"


def test_an_item_without_evidence_asks_for_no_particular_citation() -> None:
    item = ITEM.model_copy(update={"evidence": ()})
    found = judged(answer("8億人です。", cite(FACT)), item)
    assert (found.joint, found.citation_recall, found.evidence_retrieval) == (True, None, None)
    assert not judged(answer("8億人です。"), item).joint


def test_ranks_of_evidence_and_article() -> None:
    at = LONG.index(FACT)
    hits = [
        {"article_id": "other", "start": 0, "end": 50},
        {"article_id": "chat", "start": 0, "end": at + 5},
        {"article_id": "chat", "start": at, "end": at + len(FACT) // 2 + 1},
    ]
    found = judged(refusal(hits=hits))
    assert (found.evidence_rank, found.article_rank) == (3, 2)
    assert found.evidence_retrieval == {
        "recall@1": 0,
        "recall@3": 1,
        "recall@5": 1,
        "mrr": pytest.approx(1 / 3),
        "ndcg@10": 0.5,
    }
    lost = judged(refusal())
    assert (lost.evidence_rank, lost.article_rank) == (None, None)
    assert set((lost.evidence_retrieval or {}).values()) == {0}
    both = ITEM.model_copy(update={"evidence": ((span(FACT),), (span(OTHER, "other"),))})
    assert judged(refusal(hits=hits), both).evidence_ranks == (3, 1)
    assert judged(refusal(hits=hits), both).evidence_rank == 3


def test_a_number_needs_support_from_the_citations_of_its_own_statement() -> None:
    reply = answer("8億人です。", cite(FACT))
    reply["statements"].append({"text": "15カ国です。", "citations": [1]})
    reply["citations"].append(cite(OTHER, "other", n=2))
    assert judged(reply).unsupported_numbers == 1
