"""The words of the chat, Japanese and English; those that it shares with the command line are in `rag.messages`."""

from __future__ import annotations

from rag.messages import Lang

_WORDS: dict[str, tuple[str, str]] = {
    "served": ("チャットを開きました: {address}(Ctrl+C で終わります)", "The chat is at {address} (Ctrl+C ends it)"),
    "title": ("出典つきアシスタント", "Answers with proof"),
    "about": (
        "登録された記事だけを根拠に答えます。一文ごとに、原文の引用と場所を示します。",
        "Answers from the articles only. Every sentence comes with the exact quote and where it stands.",
    ),
    "tab.chat": ("チャット", "Chat"),
    "tab.articles": ("記事", "Articles"),
    "tab.evaluation": ("評価", "Evaluation"),
    "tab.status": ("設定・状態", "Status"),
    "other_language": ("English", "日本語"),
    "theme": ("明るさを切り替える", "Switch between light and dark"),
    "conversation": ("会話", "Conversation"),
    "welcome": ("何を調べますか?", "What would you like to know?"),
    "examples": ("たとえば", "For example"),
    "examples.checking": ("答えられる質問を記事から選んでいます…", "Choosing questions that the articles answer…"),
    "question": (
        "質問(Enter で送信、Shift+Enter で改行)",
        "Question (Enter sends, Shift+Enter breaks the line)",
    ),
    "placeholder": ("記事について質問する", "Ask about the articles"),
    "send": ("送信", "Send"),
    "stop": ("停止", "Stop"),
    "you": ("あなたの質問", "You asked"),
    "reply": ("アシスタントの返答", "The assistant replied"),
    "searching": ("記事を調べています…", "Reading the articles…"),
    "stopped": ("途中で停止しました。", "Stopped before it was complete."),
    "ask_again": ("もう一度聞く", "Ask again"),
    "failed": ("答えられませんでした", "Could not answer"),
    "abstained": ("答えを控えました", "No answer given"),
    "corrected": ("記事にはこう書かれています", "What the articles say"),
    "nearest": ("近い文章", "Nearest passages"),
    "suggestions": ("代わりに聞けること", "What could be asked instead"),
    "follow_ups": ("続けて聞けること", "Questions to go on with"),
    "standalone": ("「{question}」として答えました。", "Answered as “{question}”."),
    "dropped": (
        "裏付けられなかったため、{count} 文を除きました",
        "{count} sentence(s) withheld for lack of proof",
    ),
    "notice": ("お知らせ", "Note"),
    "facts": ("{engine}・{ms} ミリ秒", "{engine}, {ms} ms"),
    "engine.extractive": ("原文からの抜き出し", "quoted from the sources"),
    "marker": ("出典 {n}: {title}", "Source {n}: {title}"),
    "copy": ("コピー", "Copy"),
    "copied": ("コピーしました", "Copied"),
    "good": ("役に立った", "Helpful"),
    "bad": ("役に立たなかった", "Not helpful"),
    "rated.up": ("評価をありがとうございます。", "Thank you for rating this."),
    "rated.down": ("評価を記録しました。改善に使います。", "Noted. It helps to improve the answers."),
    "why": ("どこが良くなかったですか?", "What was wrong?"),
    "why.wrong": ("答えが違う", "The answer is wrong"),
    "why.citation": ("出典が合っていない", "The source does not fit"),
    "why.abstained": ("答えがあるのに控えた", "There is an answer"),
    "why.incomplete": ("足りない", "Something is missing"),
    "why.other": ("その他", "Something else"),
    "why.comment": ("補足や正しい答え(任意)", "More, or the right answer (optional)"),
    "why.send": ("記録する", "Record"),
    "cancel": ("やめる", "Cancel"),
    "sources": ("出典", "Sources"),
    "sources.empty": (
        "答えの根拠になった原文が、ここに並びます。番号を押すと、記事のその場所を開きます。",
        "The quotes that an answer stands on appear here. A number opens its place in the article.",
    ),
    "sources.none": ("この返答には引用がありません。", "This reply quotes nothing."),
    "open_here": ("記事の中で読む", "Read in the article"),
    "original": ("元の記事を開く", "Open the original"),
    "new_tab": ("(新しいタブ)", " (new tab)"),
    "back": ("出典の一覧に戻る", "Back to the sources"),
    "contents": ("見出し", "Headings"),
    "descriptive": ("題名は説明です", "descriptive title"),
    "changed": (
        "引用した後に、記事が変わりました。引用は当時の原文です。",
        "The article has changed since. The quote is what it said then.",
    ),
    "gone": (
        "引用した後に、この記事は登録から外れました。引用は当時の原文です。",
        "The article has been removed since. The quote is what it said then.",
    ),
    "new": ("新しい会話", "New conversation"),
    "new.confirm": (
        "この会話を消して、新しく始めますか?\n(必要なら、先に書き出してください)",
        "Delete this conversation and start anew?\n(Export it first if you need it.)",
    ),
    "export": ("書き出し", "Export"),
    "filter": ("調べる記事を絞る", "Which articles to search"),
    "filter.publisher": ("媒体", "Publisher"),
    "filter.lang": ("言語", "Language"),
    "filter.from": ("公開日(から)", "Published from"),
    "filter.to": ("公開日(まで)", "Published to"),
    "filter.date": ("例: 2026-01", "e.g. 2026-01"),
    "filter.any": ("すべて", "Any"),
    "bad_date": (
        "日付は 2026、2026-01、2026-01-26 のどれかの形で入れてください。",
        "Write dates as 2026, 2026-01 or 2026-01-26.",
    ),
    "greeting": (
        "こんにちは。登録された {count} 本の記事について、何でも聞いてください。答えには必ず原文の引用を付け、"
        "記事に答えがなければ、推測せずにそうお伝えします。",
        "Hello. Ask me anything about the {count} articles here. Every answer quotes them; where they hold no answer,"
        " I say so and do not guess.",
    ),
    "thanks": (
        "どういたしまして。ほかにも知りたいことがあれば、聞いてください。",
        "You are welcome. Ask on whenever you like.",
    ),
    "catalogue": (
        "次の {count} 本の記事から答えられます。題名を押すと、記事を読めます。",
        "I can answer from these {count} articles. A title opens the article.",
    ),
    "catalogue.more": ("ほか {count} 本は「記事」のタブにあります。", "{count} more are in the Articles tab."),
    "no_articles": (
        "記事がまだありません。「記事」のタブか「rag ingest ファイルかURL」で取り込んでください。",
        "There are no articles yet. Add some in the Articles tab or with “rag ingest FILE_OR_URL”.",
    ),
    "article_gone": ("この記事は、もう登録されていません。", "This article is no longer here."),
}  # fmt: skip


def word(key: str, lang: Lang, **values: object) -> str:
    """A text of the chat in a language."""
    found = _WORDS[key][lang == "en"]
    return found.format(**values) if values else found
