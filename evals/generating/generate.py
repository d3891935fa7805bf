"""Make an evaluation set from articles, by rules: every question with its answer and exact evidence.

    python -m evals.generating.generate ARTICLE.md… [--limit N] [--unanswerable N] > questions.jsonl
    python -m evals.generating.generate ARTICLE.md… --model openai:NAME [--base-url URL] > questions.jsonl

Each question is verified: its evidence is a verbatim span that holds the answer, the question does not give the
answer away, and no two are the same. With two articles or more, questions whose answer is in none of them come
last: one name is replaced by another article's. Read the result before you rely on it (`docs/eval-suites.md`).

With --model an LLM proposes the questions in place of the rules (the extra `llm`; the key in RAG_LLM__API_KEY or
the provider's own variable); what cannot be verified is left out and counted. The articles are sent to its provider.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import get_args

from pydantic import SecretStr

from evals.generating.rules import LONGEST_QUESTION, Draft, of_item, of_list, of_sentence
from evals.items import EvalError, EvidenceSpan, Item
from rag import Article, RagError
from rag.answering.llm.client import Connection, OutputMode
from rag.corpus import read_article
from rag.japanese import content_words, fold, words
from rag.structure import Unit, sections, units

_NAME = r"(?:[A-Z][A-Za-z0-9&.\-]*(?: [A-Z][A-Za-z0-9&.\-]*)*|[ァ-ヺー]{3,})"
_SUBJECT = re.compile(rf"({_NAME})(?=[はが])")


def generate(article: Article, limit: int | None = None) -> list[Item]:
    """Questions that the article answers, in the order of its text, each verified; at most `limit`."""
    items: list[Item] = []
    seen: set[str] = set()
    for draft, start, end in _drafts(article):
        key = fold(draft.question)
        if key in seen or not _sound(draft, article.text[start:end]):
            continue
        seen.add(key)
        span = EvidenceSpan(article_id=article.id, start=start, end=end, text=article.text[start:end])
        items.append(
            Item(
                id=f"{article.id}-{len(items) + 1:03}",
                split="dev",
                question=draft.question,
                type=draft.type,
                style="generated",
                gold="、".join(draft.facts),
                accepted=tuple((fact,) for fact in draft.facts),
                evidence=((span,),),
            )
        )
    return _spread(items, limit)


def unanswerable(
    articles: Sequence[Article], limit: int | None = None, corpus: Sequence[Article] = ()
) -> list[Item]:
    """Questions that no article answers: the subject of a generated one replaced by a name of another article.

    `corpus`: what else will be searched, where that is more than the articles.

    The new name stands nowhere in the article of the question, and no section of any article that has the name
    speaks of most of what is asked. That is checked by words, so it is as sure as words are.
    """
    items: list[Item] = []
    seen: set[str] = set()
    everything = list({article.id: article for article in (*articles, *corpus)}.values())
    for article in articles:
        for item in generate(article):
            swapped = _swapped(item, article, everything, len(items)) if item.type != "cloze" else None
            if swapped is not None and swapped not in seen:
                seen.add(swapped)
                items.append(
                    Item(
                        id=f"{article.id}-u{len(items) + 1:03}",
                        split="dev",
                        question=swapped,
                        type="swapped_name",
                        style="generated",
                        answerable=False,
                    )
                )
    return _spread(items, limit)


def _drafts(article: Article) -> Iterator[tuple[Draft, int, int]]:
    """Drafts with the span of their evidence."""
    text = article.text
    for section in sections(text):
        if section.kind != "body":
            continue
        about = section.heading_path[-1] if section.heading_path else None
        parts = units(text, section)
        for unit in parts:
            said = text[unit.start : unit.end]
            items = [part for part in parts if part.lead_in == (unit.start, unit.end)]
            made = of_item(said) if unit.lead_in else of_sentence(said, about)
            yield from ((draft, unit.start, unit.end) for draft in made)
            if items and _one_sentence_each(text, items):
                lines = [text[part.start : part.end] for part in items]
                yield from ((draft, unit.start, items[-1].end) for draft in of_list(said, lines, about))


def _one_sentence_each(text: str, items: Sequence[Unit]) -> bool:
    """Whether every unit of a list is an item of its own, not the second sentence of one."""
    return all(text[max(0, item.start - 1) : item.start] in ("", "\n") for item in items)


def _sound(draft: Draft, evidence: str) -> bool:
    """Whether a draft can be asked: the evidence has each fact, the question none, and it is not too long."""
    question = fold(draft.question)
    return (
        10 <= len(draft.question) <= LONGEST_QUESTION
        and "\n" not in draft.question
        and bool(draft.facts)
        and all(fact in evidence and fold(fact) not in question for fact in draft.facts)
    )


def _swapped(item: Item, article: Article, articles: Sequence[Article], turn: int) -> str | None:
    """The item's question about another article's subject, when no article speaks of that."""
    subject = _SUBJECT.match(item.question)
    names = [name for other in articles if other.id != article.id for name in _subjects(other)]
    for n in range(len(names) if subject else 0):
        name = names[(turn + n) % len(names)]  # another one each time
        question = name + item.question[subject.end() :] if subject else ""
        if name not in f"{article.title}\n{article.text}" and _absent(name, question, articles):
            return question
    return None


@lru_cache(maxsize=64)
def _subjects(article: Article) -> tuple[str, ...]:
    """The names of which an article says something; a common noun in katakana is none."""
    found = dict.fromkeys(match[1] for match in _SUBJECT.finditer(article.text))
    return tuple(name for name in found if name.isascii() or all(w.pos2 == "固有名詞" for w in words(name)))


def _absent(name: str, question: str, articles: Sequence[Article]) -> bool:
    """Whether no section with the name has half of the question's other words."""
    asked = set(content_words(fold(question.replace(name, "")))) - set(
        content_words(fold("何 いつ どのよう"))
    )
    for article in articles:
        for section in sections(article.text):
            text = " ".join((*section.heading_path, article.text[section.start : section.end]))
            if name in text and 2 * len(asked & set(content_words(fold(text)))) >= len(asked):
                return False
    return bool(asked)


def _spread(items: Sequence[Item], limit: int | None) -> list[Item]:
    """At most `limit` items, evenly from all of them."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[n * len(items) // limit] for n in range(limit)]


def proposed(articles: Sequence[Article], connection: Connection, limit: int | None) -> list[Item]:
    """Questions that an LLM proposes; how many were left out, and why, is said on stderr.

    Raises:
        RagError: the model cannot be used, or did not answer.
    """
    from evals.generating.llm import REJECTIONS, generate_by_llm

    items: list[Item] = []
    rejected: Counter[str] = Counter()
    for article in articles:
        made = generate_by_llm(article, connection, limit)
        items += made.items
        rejected += made.rejected
    for reason, count in rejected.most_common():
        print(f"{REJECTIONS[reason]}: {count}", file=sys.stderr)
    return items


def main(argv: Sequence[str] | None = None) -> int:
    """Read the articles, print the questions as JSON lines, and say on stderr how many of each kind there are."""
    parser = argparse.ArgumentParser(
        prog="rag eval generate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("articles", nargs="+", type=Path, metavar="ARTICLE.md")
    parser.add_argument("--limit", type=int, help="at most so many questions an article")
    parser.add_argument(
        "--unanswerable", type=int, metavar="N", help="at most so many that no article answers"
    )
    parser.add_argument("--model", help="an LLM that proposes the questions, as openai:NAME")
    parser.add_argument("--base-url", default="", help="its OpenAI-compatible server")
    parser.add_argument(
        "--output", choices=get_args(OutputMode), default="tool", help="how it answers in JSON"
    )
    options = parser.parse_args(argv)
    try:
        if min(options.limit or 1, options.unanswerable or 1, 1) < 1:
            raise EvalError("--limit と --unanswerable には正の数を付けてください。", "例: --limit 20")
        articles = [read_article(path) for path in options.articles]
        if options.model:
            key = SecretStr(os.environ.get("RAG_LLM__API_KEY", ""))
            items = proposed(
                articles, Connection(options.model, options.base_url, key, options.output), options.limit
            )
        else:
            items = [item for article in articles for item in generate(article, options.limit)]
    except RagError as error:
        print(error, file=sys.stderr)
        return 2
    items += unanswerable(articles, options.unanswerable)
    for item in items:
        print(item.model_dump_json(exclude_defaults=True))
    kinds = [item.type for item in items]
    print("、".join(f"{kind} {kinds.count(kind)}" for kind in dict.fromkeys(kinds)) or "0", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
