"""What holds for every reply to every question."""

from __future__ import annotations

from typing import get_args

from rag.types import Abstention, AbstentionReason, Reply, sha256

QUESTIONS = [
    "Coworkはいつ発表されましたか?",
    "Coworkの月額料金はいくら?",
    "Stargateの初期投資家は?",
    "ChatGPTのユーザー数は?",
    "Claude憲法の4つの原則は?",
    "Teach For Allとの提携で何を提供しますか?",
    "OpenAI for Countriesとは何ですか?",
    "なぜ環境問題が起きているのですか?",
    "Greg Osuri氏は何者ですか?",
    "最初のキャンパスはどこに建設されますか?",
    "何人の教師にリーチすることを目指していますか?",
    "CoworkはWindowsで使えますか?",
    "この記事はAIを使って書かれましたか?",
    "出典を教えてください",
    "二つの記事でStargateはどう説明されていますか?",
    "When was Cowork announced?",
    "Who invested in Stargate?",
    "大谷翔平の年俸は?",
    "それはいつですか?",
    "富士山の高さは何メートルですか?",
    "AI",
]


def assert_honest(reply: Reply) -> None:
    """Whatever is said is proven: every statement cites, and every quote is in its article, to the letter."""
    if isinstance(reply, Abstention):
        assert reply.reason in get_args(AbstentionReason)
        assert reply.message
        return
    assert 1 <= len(reply.statements) <= 3
    assert [citation.n for citation in reply.citations] == list(range(1, len(reply.citations) + 1))
    articles = {hit.article.id: hit.article for hit in reply.hits}
    for statement in reply.statements:
        assert statement.citations
        for citation in statement.citations:
            article = articles[citation.article_id]
            assert article.text[citation.start : citation.end] == citation.quote
            assert sha256(citation.quote) == citation.quote_sha256
            assert (citation.url, citation.title) == (article.url, article.title)
            assert citation.deep_link.startswith(citation.url)
