"""The words of the command line and the chat, Japanese and English."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

Lang = Literal["ja", "en"]

_TEXTS: dict[str, tuple[str, str]] = {
    "about": (
        "日本語の記事に、出典つきで答えます。答えの一文ごとに、記事の原文・位置・URLを示します。",
        "Answers questions on Japanese articles; every sentence has its exact quote, its place and the URL.",
    ),
    "epilog": (
        "どのコマンドにも --home フォルダー(corpus/ と index/ の場所)と --lang ja|en を付けられます。",
        "Every command takes --home FOLDER (where corpus/ and index/ are) and --lang ja|en.",
    ),
    "ask": (
        "質問に答えます。例: rag ask 'Coworkはいつ発表されましたか?'",
        "Answer a question. Example: rag ask 'When was Cowork announced?'",
    ),
    "ask.question": ("質問", "The question"),
    "ask.json": ("JSON で出力します", "Print JSON"),
    "ask.jsonl": (
        '標準入力の各行 {"id","question"} に、1行ずつ JSON で答えます',
        'Answer each line {"id","question"} of standard input with one line of JSON',
    ),
    "k": ("返す文章(チャンク)の数", "How many chunks to return"),
    "search": (
        "質問に近い文章を探します(答えは作りません)。",
        "Find the chunks nearest to a question, without answering it.",
    ),
    "ingest": (
        "記事を取り込みます: Markdown、テキスト、HTML、PDF、または URL。",
        "Add articles: Markdown, text, HTML, PDF or a URL.",
    ),
    "ingest.sources": ("ファイル、フォルダー、URL", "Files, folders or URLs"),
    "ingest.url": (
        "元記事の URL(ファイルに書かれていないとき)",
        "The original URL, where the file does not say",
    ),
    "ingest.title": ("記事の題名", "The article's title"),
    "ingest.publisher": ("媒体名", "The publisher"),
    "ingest.published": (
        "公開日: 2026-01-26、2026-01、2026",
        "Publication date: 2026-01-26, 2026-01 or 2026",
    ),
    "remove": ("記事を corpus/ と索引から取り除きます。", "Remove an article from corpus/ and the index."),
    "remove.id": ("記事の id(rag articles で分かります)", "The article's id (see rag articles)"),
    "articles": ("記事の一覧を表示します。", "List the articles."),
    "rebuild": (
        "索引を捨てて、corpus/ から作り直します。",
        "Throw the index away and build it anew from corpus/.",
    ),
    "chat": ("ブラウザーでチャットを開きます。", "Open the chat in the browser."),
    "chat.port": ("待ち受けるポート", "Port to listen on"),
    "chat.host": ("待ち受けるアドレス", "Address to listen on"),
    "chat.open": ("ブラウザーを開く", "Open the browser"),
    "doctor": (
        "環境・モデル・索引を点検し、次にすることを示します。",
        "Check the environment, model and index, and say what to do next.",
    ),
    "answer": ("答え", "Answer"),
    "sources": ("出典", "Sources"),
    "abstained": ("答えを控えます", "No answer"),
    "nearest": ("近い文章", "Nearest passages"),
    "suggestions": ("代わりに聞けること", "What could be asked instead"),
    "no_evidence": (
        "登録された記事には、この質問の答えが見つかりませんでした。",
        "The articles do not hold an answer to this question.",
    ),
    "ambiguous": (
        "何についての質問かが分かりません。対象の名前を入れてください。",
        "It is not clear what the question is about. Please name its subject.",
    ),
    "empty_corpus": (
        "記事がまだありません。「rag ingest ファイルかURL」で取り込んでください。",
        "There are no articles yet. Add some with “rag ingest FILE_OR_URL”.",
    ),
    "descriptive": ("題名は説明", "descriptive title"),
    "no_hits": ("見つかりませんでした。", "Nothing found."),
    "error": ("エラー", "Error"),
    "interrupted": ("中断しました。", "Interrupted."),
    "indexing": ("索引を作成中", "Indexing"),
    "added": ("追加", "added"),
    "changed": ("更新", "changed"),
    "removed": ("削除", "removed"),
    "unchanged": ("変更はありません。", "Nothing changed."),
    "embedded": ("埋め込みを計算したチャンク", "chunks embedded"),
    "article_count": ("記事 {articles} 本、チャンク {chunks} 個", "{articles} articles, {chunks} chunks"),
    "bad_option.--home": ("--home にはフォルダーを付けてください。", "--home needs a folder."),
    "bad_option.--lang": ("--lang には ja か en を付けてください。", "--lang needs ja or en."),
    "one_source": (
        "--url と --title は、取り込むものが1つのときだけ使えます。1つずつ取り込んでください。",
        "--url and --title are for one source only. Add the sources one at a time.",
    ),
    "no_question": ("質問を書くか、--jsonl を付けてください。", "Give a question, or --jsonl."),
    "bad_line": ("行を JSON として読めません", "The line is not JSON"),
    "bad_line.hint": (
        '{"id": 1, "question": "…"} の形で、1行に1つ書いてください。',
        'Write one {"id": 1, "question": "…"} a line.',
    ),
    "details": ("詳しくは", "Details"),
    "ok": ("正常", "ok"),
    "warning": ("注意", "warning"),
    "failed": ("異常", "failed"),
    "next": ("次にすること", "What to do"),
}


def text(key: str, lang: Lang, **values: object) -> str:
    """A message in a language."""
    return _TEXTS[key][lang == "en"].format(**values) if values else _TEXTS[key][lang == "en"]


def language(argument: str | None, environment: Mapping[str, str] = os.environ) -> Lang:
    """The language to speak: the argument, else `RAG_LANG`, else the locale; else Japanese."""
    chosen = argument or environment.get("RAG_LANG") or _locale(environment)
    return "en" if chosen.lower().startswith("en") else "ja"


def _locale(environment: Mapping[str, str]) -> str:
    return next((environment[name] for name in _LOCALE if environment.get(name)), "")


_LOCALE: Sequence[str] = ("LC_ALL", "LC_MESSAGES", "LANG")
