"""The chat: a question, an answer whose every sentence is numbered, and the quotes it stands on."""

from __future__ import annotations

import os
import re
import socket
from html import escape
from typing import Any

os.environ.setdefault(
    "GRADIO_ANALYTICS_ENABLED", "False"
)  # nothing leaves the machine; read when gradio is imported

import gradio as gr

from rag import Answer, Assistant, Citation, Hit, RagError, Reply
from rag.errors import ConfigError
from rag.messages import Lang, text

_FONTS = ["system-ui", "Hiragino Sans", "Yu Gothic UI", "Noto Sans CJK JP", "sans-serif"]
_THEME = gr.themes.Soft(font=_FONTS, font_mono=["ui-monospace", "monospace"])
_CSS = """
.gradio-container { max-width: 860px !important; margin: 0 auto !important; }
.statement { margin: 0 0 .6em; line-height: 1.8; }
.statement sup a { text-decoration: none; font-weight: 600; padding: 0 .15em; }
.abstained { border-inline-start: 4px solid #d97706; padding-inline-start: .8em; margin-bottom: .8em; }
.source { border: 1px solid var(--border-color-primary); border-radius: 8px; padding: .7em .9em; margin: .5em 0; }
.source blockquote { margin: .4em 0; line-height: 1.75; white-space: pre-wrap; overflow-wrap: anywhere; }
.source .facts, .label { color: #5b6472; font-size: .88em; }
.dark .source .facts, .dark .label { color: #a7b0bd; }
.source a { overflow-wrap: anywhere; }
footer { display: none !important; }
"""
_EXAMPLES = {
    "ja": [
        "Coworkはいつ発表されましたか?",
        "Stargateの初期投資家は?",
        "Claudeの新しい憲法の4つの原則は何ですか?",
    ],
    "en": [
        "When was Cowork announced?",
        "Who are the initial investors in Stargate?",
        "How many users does ChatGPT have?",
    ],
}
_WORDS = {
    "ja": ("出典つきアシスタント", "記事だけを根拠に答えます。答えの一文ごとに原文の引用とURLを示します。", "質問を入力(Enter で送信)", "送信", "元の記事を開く"),
    "en": (
        "Answers with proof",
        "Answers from the articles only; every sentence comes with the exact quote and its URL.",
        "Ask a question (Enter sends)",
        "Send",
        "Open the original",
    ),
}  # fmt: skip


def build(assistant: Assistant, lang: Lang = "ja") -> Any:
    """The chat page over an assistant."""
    title, about, placeholder, send, _ = _WORDS[lang]

    def respond(question: str, history: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
        if not question.strip():
            return "", history
        shown = {"role": "user", "content": _block(escape(question))}
        return "", [*history, shown, {"role": "assistant", "content": _reply_html(assistant, question, lang)}]

    with gr.Blocks(title=title, analytics_enabled=False) as page:
        gr.Markdown(f"# {title}\n{about}")
        chat = gr.Chatbot(label=title, show_label=False, height="62vh", latex_delimiters=[], buttons=[])
        with gr.Row():
            question = gr.Textbox(
                placeholder=placeholder, show_label=False, label=placeholder, scale=5, autofocus=True
            )
            button = gr.Button(send, variant="primary", scale=1, min_width=80)
        gr.Examples(_EXAMPLES[lang], question, label="例" if lang == "ja" else "Examples")
        gr.on([question.submit, button.click], respond, [question, chat], [question, chat])
    return page


def launch(
    assistant: Assistant, lang: Lang = "ja", *, host: str, port: int | None, open_browser: bool
) -> None:
    """Serve the chat until interrupted, at a port or the first free one from 7860 on.

    Raises:
        ConfigError: the port is in use.
    """
    free = _free_port(host, [port] if port else list(range(7860, 7880)))
    build(assistant, lang).launch(
        server_name=host, server_port=free, inbrowser=open_browser, theme=_THEME, css=_CSS, share=False
    )


def _free_port(host: str, ports: list[int]) -> int:
    for port in ports:
        try:
            with socket.create_server((host, port)):
                return port
        except OSError:
            continue
    raise ConfigError(
        f"ポート {ports[0]} では待ち受けられません(使用中かもしれません)。",
        f"別のポートを指定してください。例: rag chat --port {ports[-1] + 1}",
    )


def _reply_html(assistant: Assistant, question: str, lang: Lang) -> str:
    try:
        return reply_html(assistant.ask(question), lang)
    except RagError as error:
        return _block(f'<div class="abstained">{escape(error.message)}<br>{escape(error.hint)}</div>')


def reply_html(reply: Reply, lang: Lang) -> str:
    """A reply as HTML; every piece of text from outside is escaped."""
    if isinstance(reply, Answer):
        body = "".join(
            f'<p class="statement">{_lines(statement.text)}'
            + "".join(f"<sup>[{citation.n}]</sup>" for citation in statement.citations)
            + "</p>"
            for statement in reply.statements
        )
        cards = "".join(_citation_card(citation, lang) for citation in reply.citations)
        return _block(f'{body}<div class="label">{text("sources", lang)}</div>{cards}')
    cards = "".join(_hit_card(hit, lang) for hit in reply.hits[:3])
    label = f'<div class="label">{text("nearest", lang)}</div>' if cards else ""
    return _block(f'<div class="abstained">{escape(text(reply.reason, lang))}</div>{label}{cards}')


def _citation_card(citation: Citation, lang: Lang) -> str:
    facts = " / ".join(filter(None, (citation.publisher, citation.published)))
    return _card(f"[{citation.n}] {citation.title}", facts, citation.quote, citation.deep_link, lang)


def _hit_card(hit: Hit, lang: Lang) -> str:
    facts = " / ".join(
        filter(None, (hit.article.publisher, hit.article.published, *hit.chunk.heading_path[-1:]))
    )
    return _card(hit.article.title, facts, hit.chunk.text, hit.article.url, lang, folded=True)


def _card(title: str, facts: str, quote: str, url: str, lang: Lang, folded: bool = False) -> str:
    """A source: its title and facts, then quote and link, which a nearest passage shows when it is opened."""
    head = f'<strong>{escape(title)}</strong> <span class="facts">{escape(facts)}</span>'
    body = (
        f"<blockquote>{_lines(quote)}</blockquote>"
        f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{_WORDS[lang][4]} ↗</a>'
    )
    if folded:
        return f'<details class="source"><summary>{head}</summary>{body}</details>'
    return f'<div class="source">{head}{body}</div>'


def _lines(value: str) -> str:
    return escape(value).replace("\n", "<br>")


def _block(html: str) -> str:
    """HTML that Markdown leaves alone: one block without line breaks, its markup characters as entities."""
    flat = re.sub(r"\s*\n\s*", " ", html)
    return f'<div class="reply">{flat}</div>'
