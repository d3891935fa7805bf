"""The words of the command line and the chat, Japanese and English."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from rag.messages_serving import DOCTOR, SERVING

Lang = Literal["ja", "en"]

_TEXTS: dict[str, tuple[str, str]] = {
    **SERVING,
    **DOCTOR,
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
    "filter.publishers": (
        "この発行者の記事だけを探します(何度でも)",
        "Only articles of this publisher (repeatable)",
    ),
    "filter.article_ids": (
        "この ID の記事だけを探します(何度でも)",
        "Only the article with this id (repeatable)",
    ),
    "filter.langs": (
        "この言語の記事だけを探します(ja、en など)",
        "Only articles in this language (ja, en, …)",
    ),
    "filter.published_from": (
        "この日以降に公開された記事だけを探します",
        "Only articles published on or after this day",
    ),
    "filter.published_to": (
        "この日以前に公開された記事だけを探します",
        "Only articles published on or before this day",
    ),
    "bad_date": (
        "日付は 2026、2026-01、2026-01-26 のように書いてください。",
        "Write the date like 2026, 2026-01 or 2026-01-26.",
    ),
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
    "chat.port": (
        "待ち受けるポート(既定: 7860 から空いているもの)",
        "Port to listen on (default: the first free one from 7860 on)",
    ),
    "chat.host": ("待ち受けるアドレス", "Address to listen on"),
    "chat.open": ("ブラウザーを開く", "Open the browser"),
    "doctor": (
        "環境・モデル・索引を点検し、次にすることを示します。",
        "Check the environment, model and index, and say what to do next.",
    ),
    "eval": (
        "質問集に答えさせて採点し、表とレポート(HTML・Markdown・JUnit・JSON)を作ります。",
        "Answer a set of questions, score the replies, and write reports (HTML, Markdown, JUnit, JSON).",
    ),
    "eval.set": (
        "質問集: own(既定)、jsquad、jsquad-u、litrag",
        "The questions: own (default), jsquad, jsquad-u, litrag",
    ),
    "eval.split": (
        "質問集の一部(既定: test、--gate では all)",
        "Part of the set (default: test, with --gate all)",
    ),
    "eval.questions": ("自分の質問集: .jsonl か .csv", "Your own questions: .jsonl or .csv"),
    "eval.data": ("公開の質問集のファイルがあるフォルダー", "Folder with the files of a public set"),
    "eval.limit": ("質問の数の上限", "At most so many questions"),
    "eval.engine": ("答えるもの(既定: rag)", "What answers (default: rag)"),
    "eval.out": (
        "実行を保存するフォルダー(既定: ホームの evals/runs)",
        "Folder that keeps the runs (default: evals/runs in the home)",
    ),
    "eval.name": ("実行の名前(既定: 日時から)", "Name of the run (default: from the time)"),
    "eval.compare": ("比べる実行の名前、または last", "A run to compare with, or last"),
    "eval.rescore": (
        "保存した実行を、質問し直さずに採点し直す",
        "Score a saved run again, without asking",
    ),
    "eval.resume": ("途中で止めた実行を続ける", "Go on with a run that was interrupted"),
    "eval.gate": (
        "evals/gate.toml と基準を下回れば終了コード 1",
        "Exit with 1 below evals/gate.toml or the baseline",
    ),
    "eval.update_baseline": (
        "この実行を新しい基準にする(--gate とともに)",
        "Make this run the new baseline (with --gate)",
    ),
    "eval.json": ("表の代わりに JSON を出力する", "Print JSON in place of the table"),
    "eval.generate": (
        "登録した記事から質問集を作り、JSON Lines で出力します(id がなければ全記事)。",
        "Make questions from articles of the corpus, as JSON lines (without an id: from all).",
    ),
    "eval.generate.limit": ("1記事あたりの質問の上限", "At most so many questions an article"),
    "eval.generate.unanswerable": (
        "どの記事にも答えがない質問の上限(記事が2つ以上のとき)",
        "At most so many questions that no article answers (with two articles or more)",
    ),
    "eval.generate.llm": (
        "規則の代わりに、[llm] の LLM に質問を考えさせる(記事はその提供元に送られます)",
        "Let the LLM of [llm] propose the questions, not rules (the articles are sent to its provider)",
    ),
    "eval.asking": ("質問中", "Asking"),
    "eval.metric": ("指標", "metric"),
    "eval.value": ("値", "value"),
    "eval.interval": ("95% 区間", "95% interval"),
    "eval.n": ("問数", "n"),
    "eval.type": ("種類", "type"),
    "eval.head": (
        "{name}: {set} {questions} 問、エンジン {engine}",
        "{name}: {set}, {questions} questions, engine {engine}",
    ),
    "eval.change": ("「{name}」との差: {difference}", "Against “{name}”: {difference}"),
    "eval.fixed": ("直った質問", "fixed"),
    "eval.broken": ("壊れた質問", "broken"),
    "eval.passed": ("ゲート: 合格", "Gate: passed"),
    "eval.failed": ("ゲート: 不合格", "Gate: failed"),
    "eval.lost": ("基準では正しかった質問", "Right in the baseline"),
    "eval.report": ("レポート: {path}", "Report: {path}"),
    "eval.kept": (
        "{done}/{total} 問の返答を保存しました。続き: rag eval --resume {name}",
        "Kept {done} of {total} replies. To go on: rag eval --resume {name}",
    ),
    "eval.gate_first": (
        "--update-baseline は --gate とともに使ってください。",
        "Use --update-baseline with --gate.",
    ),
    "eval.saved_only": (
        "--rescore と --resume は保存した実行を使うので、{options} とは一緒に使えません。",
        "--rescore and --resume use a saved run, so {options} cannot be given with them.",
    ),
    "answer": ("答え", "Answer"),
    "sources": ("出典", "Sources"),
    "abstained": ("答えを控えます", "No answer"),
    "nearest": ("近い文章", "Nearest passages"),
    "suggestions": ("代わりに聞けること", "What could be asked instead"),
    "completed": ("答えた質問", "The question answered"),
    "dropped": ("裏付けられず落とした文", "Dropped, because no quote supports it"),
    "no_evidence": (
        "登録された記事には、この質問の答えが見つかりませんでした。",
        "The articles do not hold an answer to this question.",
    ),
    "ambiguous": (
        "何についての質問かが分かりません。対象の名前を入れてください。",
        "It is not clear what the question is about. Please name its subject.",
    ),
    "false_premise": (
        "質問の前提が、記事の内容と違います。",
        "The question presumes something that the articles deny.",
    ),
    "unsupported_claim": (
        "記事の引用で裏付けられる答えを作れませんでした。",
        "No answer could be written that the quotes of the articles support.",
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
    "bad_line": (
        "行が JSON でないか、question(文字列)がありません。",
        "The line is not JSON, or has no question (a string).",
    ),
    "bad_line.hint": (
        '{"id": 1, "question": "…"} の形で、1行に1つ書いてください。',
        'Write one {"id": 1, "question": "…"} a line.',
    ),
    "llm.key": (
        "LLM の提供元が鍵を受け付けませんでした{status}。[llm] の api_key(RAG_LLM__API_KEY)を確かめてください。",
        "The LLM provider refused the key{status}. Check api_key in [llm] (RAG_LLM__API_KEY).",
    ),
    "llm.model": (
        "LLM が見つかりませんでした{status}。[llm] の model と base_url を確かめてください。",
        "The LLM was not found{status}. Check model and base_url in [llm].",
    ),
    "llm.quota": (
        "LLM の利用枠を使い切っています{status}。提供元の契約を確かめてください。",
        "The quota at the LLM provider is used up{status}. Check your plan there.",
    ),
    "llm.busy": ("LLM が混み合っています{status}。", "The LLM is busy{status}."),
    "llm.server": ("LLM のサーバーで障害が起きました{status}。", "The LLM's server failed{status}."),
    "llm.timeout": (
        "LLM の返答が時間内に終わりませんでした。時間は [llm] の timeout_s で変えられます。",
        "The LLM did not finish in time. timeout_s in [llm] sets the time.",
    ),
    "llm.connection": (
        "LLM との接続が切れたか、つながりませんでした。[llm] の base_url とネットワークを確かめてください。",
        "The connection to the LLM failed. Check base_url in [llm] and the network.",
    ),
    "llm.context": (
        "記事の文が LLM の読める長さを超えました{status}。長い文章を読めるモデルか設定にしてください。",
        "The passages exceed the LLM's context{status}. Choose a model or setting with a longer one.",
    ),
    "llm.rejected": (
        "LLM が要求を受け付けませんでした{status}。[llm] の output や max_output_tokens を変えてみてください。",
        "The LLM rejected the request{status}. Try another output or max_output_tokens in [llm].",
    ),
    "llm.unusable": (
        "LLM の返答が読み取れない形でした{status}。[llm] の output を変えると直ることがあります。",
        "The LLM's reply could not be read{status}. Another output in [llm] may help.",
    ),
    "llm.failed": ("LLM を使えませんでした{status}。", "The LLM could not be used{status}."),
    "llm.instead": ("LLM を使わない方法で答えました。", "This was answered without it."),
    "llm.cut": (
        "それまでに確かめられた文だけを示しているので、答えの続きが欠けているかもしれません。",
        "Only what had been verified by then is shown; the rest of the answer may be missing.",
    ),
    "llm.alone": (
        "LLM を使わない読み取りでは答えを見つけられなかった質問です。引用を確かめてください。",
        "Reading without the LLM found no answer to this question. Please check the quotes.",
    ),
    "ok": ("正常", "ok"),
    "warning": ("注意", "warning"),
    "failed": ("異常", "failed"),
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
