"""The words of the doctor and of the commands about servers, keys and feedback, Japanese and English."""

from __future__ import annotations

DOCTOR: dict[str, tuple[str, str]] = {
    "doctor.settings": ("設定", "settings"),
    "doctor.home": ("フォルダー", "home"),
    "doctor.tokenizer": ("形態素解析", "tokenizer"),
    "doctor.split": ("unidic-lite、{count} 語に分割", "unidic-lite, split into {count} words"),
    "doctor.embedding": ("埋め込みモデル", "embedding model"),
    "doctor.embedded": ("{model}、{dimension} 次元、{ms} ms", "{model}, {dimension} dimensions, {ms} ms"),
    "doctor.engine": ("回答エンジン", "answering engine"),
    "doctor.no_llm": ("extractive(LLM なし)", "extractive (without an LLM)"),
    "doctor.corpus": ("記事", "corpus"),
    "doctor.articles": ("{articles} 本、{characters} 文字", "{articles} articles, {characters} characters"),
    "doctor.no_corpus": ("corpus フォルダーがありません。", "There is no corpus folder."),
    "doctor.no_corpus.hint": (
        "「rag ingest ファイルかURL」で記事を取り込んでください。",
        "Add articles with “rag ingest FILE_OR_URL”.",
    ),
    "doctor.index": ("索引", "index"),
    "doctor.stale": (
        "corpus/ と違います。次の「rag ask」で更新されます。",
        "It differs from corpus/. The next “rag ask” updates it.",
    ),
    "doctor.again": (
        "pip install --force-reinstall で入れ直してください。",
        "Install it again with pip install --force-reinstall.",
    ),
    "doctor.versions": ("版", "versions"),
    "doctor.install": ("pip install -e . を実行してください。", "Run pip install -e ."),
    "doctor.disk": ("ディスク", "disk"),
    "doctor.free": ("空き {size} GB", "{size} GB free"),
    "doctor.full": ("空き容量を増やしてください。", "Make room."),
}

SERVING: dict[str, tuple[str, str]] = {
    "serve": (
        "チャット、HTTP API、MCP を1つのプロセスで提供します。",
        "Serve the chat, the HTTP API and MCP from one process.",
    ),
    "serve.host": (
        "待ち受けるアドレス(既定: 設定 server.host、127.0.0.1)。ほかの機械に開くにはキーが必要です",
        "Address to listen on (default: setting server.host, 127.0.0.1); keys are needed beyond this machine",
    ),
    "serve.port": (
        "待ち受けるポート(既定: 設定 server.port、8000。0 は空いているもの)",
        "Port to listen on (default: setting server.port, 8000; 0 takes a free one)",
    ),
    "serve.chat": ("チャットも提供する", "Serve the chat too"),
    "serve.where": (
        "チャット {address}/  API {address}/v1  説明 {address}/docs  MCP {address}/mcp",
        "Chat {address}/  API {address}/v1  Docs {address}/docs  MCP {address}/mcp",
    ),
    "serve.no_chat": ("(チャットなし)", "(without the chat)"),
    "mcp": (
        "MCP サーバーを標準入出力で動かします(エージェントのアプリから起動します)。",
        "Run the MCP server at standard input and output (agents' programs start it).",
    ),
    "keys": ("HTTP API と MCP のキーを管理します。", "Manage the keys of the HTTP API and MCP."),
    "keys.add": (
        "キーを作り、一度だけ表示します。例: rag keys add ci --scope write",
        "Make a key and show it once. Example: rag keys add ci --scope write",
    ),
    "keys.list": ("キーの一覧(キー自体は表示できません)。", "List the keys (never the keys themselves)."),
    "keys.revoke": ("キーを取り消します。", "Revoke a key."),
    "keys.scope": (
        "read: 質問と閲覧。write: 記事の取り込みと削除も",
        "read: ask and read. write: change articles too",
    ),
    "keys.expires": ("この日まで有効(UTC)", "Good through this day (UTC)"),
    "keys.shown_once": (
        "このキーは二度と表示できません。安全な場所に保管してください。",
        "This key cannot be shown again. Keep it in a safe place.",
    ),
    "keys.good": ("有効", "good"),
    "keys.expired": ("期限切れ", "expired"),
    "keys.revoked": ("取り消し済み", "revoked"),
    "keys.is_revoked": ("キー「{name}」を取り消しました。", "The key “{name}” is revoked."),
    "feedback": ("返答への評価を扱います。", "What people said of replies."),
    "feedback.export": (
        "評価を質問集にして出力します。使い方: rag eval --questions FILE",
        "Write ratings as questions, for: rag eval --questions FILE",
    ),
    "feedback.exported": (
        "質問 {items} 件。正解が分からず飛ばした評価 {unclear} 件、引用元が変わって飛ばした評価 {stale} 件。",
        "{items} questions. Skipped: {unclear} ratings without a right answer, {stale} of quotes that have changed.",
    ),
}
