"""What the HTTP API says when it refuses, in Japanese and English, by the kind of problem."""

from __future__ import annotations

from typing import NamedTuple

from rag.messages import Lang


class Kind(NamedTuple):
    """A kind of problem: its HTTP status, and its title and explanation in both languages."""

    status: int
    titles: tuple[str, str]
    details: tuple[str, str]

    def title(self, lang: Lang) -> str:
        """A few words that are the same for every problem of the kind."""
        return self.titles[lang == "en"]

    def detail(self, lang: Lang) -> str:
        """What it means and what to do."""
        return self.details[lang == "en"]


KINDS: dict[str, Kind] = {
    "malformed-json": Kind(
        400,
        ("JSON として読めません", "Malformed JSON"),
        ("本文を正しい JSON にしてください。", "Send a body that is valid JSON."),
    ),
    "bad-request": Kind(
        400,
        ("要求が正しくありません", "Bad request"),
        ("要求の形を /docs で確認してください。", "See /docs for what a request looks like."),
    ),
    "unauthorized": Kind(
        401,
        ("API キーが必要です", "An API key is needed"),
        (
            "「rag keys add 名前」で作った、有効なキーを Authorization: Bearer で渡してください。",
            "Send a valid key, made by `rag keys add NAME`, as Authorization: Bearer.",
        ),
    ),
    "forbidden": Kind(
        403,
        ("許可されていません", "Not allowed"),
        (
            "書き込みには --scope write のキーが必要です。",
            "Writing needs a key made with --scope write.",
        ),
    ),
    "cross-origin": Kind(
        403,
        ("別のサイトからの要求です", "Cross-origin request"),
        (
            "このサイトに許すなら、設定 server.cors_origins に加えてください。",
            "To allow this site, add it to the setting server.cors_origins.",
        ),
    ),
    "not-found": Kind(
        404,
        ("ありません", "Not found"),
        ("アドレスか id を確認してください。", "Check the address or the id."),
    ),
    "method-not-allowed": Kind(
        405,
        ("この方法では使えません", "Method not allowed"),
        ("使える方法は Allow ヘッダーにあります。", "The Allow header lists the methods."),
    ),
    "body-timeout": Kind(
        408,
        ("本文が時間内に届きませんでした", "The body did not arrive in time"),
        ("接続を確認して、送り直してください。", "Check the connection and send it again."),
    ),
    "too-large": Kind(
        413,
        ("大きすぎます", "Too large"),
        ("分けて送ってください。", "Send it in smaller parts."),
    ),
    "unsupported-media-type": Kind(
        415,
        ("対応していない形式です", "Unsupported media type"),
        (
            "Content-Type は application/json(ファイルは multipart/form-data)にしてください。",
            "Use the Content-Type application/json, or multipart/form-data for a file.",
        ),
    ),
    "wrong-host": Kind(
        421,
        ("この名前では受け付けません", "Misdirected request"),
        (
            "この名前で使うには、設定 server.allowed_hosts に加えてください。",
            "To use this host name, add it to the setting server.allowed_hosts.",
        ),
    ),
    "invalid-request": Kind(
        422,
        ("値が正しくありません", "Invalid value"),
        ("errors にある項目を直してください。", "Mend what is listed in errors."),
    ),
    "invalid-question": Kind(
        422,
        ("質問が正しくありません", "Invalid question"),
        (
            "質問は空でなく、2,000 文字以内にしてください。",
            "The question must not be empty, nor longer than 2,000 characters.",
        ),
    ),
    "import-failed": Kind(
        422,
        ("取り込めません", "Could not be imported"),
        (
            "ファイルか URL から記事を読み取れませんでした。",
            "No article could be read from the file or URL.",
        ),
    ),
    "invalid-article": Kind(
        422,
        ("記事として使えません", "Not usable as an article"),
        ("記事の項目を直してください。", "Mend the article's fields."),
    ),
    "rate-limited": Kind(
        429,
        ("要求が多すぎます", "Too many requests"),
        ("Retry-After 秒待って、送り直してください。", "Wait for Retry-After seconds and send it again."),
    ),
    "busy": Kind(
        429,
        ("混み合っています", "Busy"),
        ("Retry-After 秒待って、送り直してください。", "Wait for Retry-After seconds and send it again."),
    ),
    "internal": Kind(
        500,
        ("内部エラー", "Internal error"),
        (
            "サーバーの不具合です。request_id を添えて管理者に知らせてください。",
            "This is a defect of the server. Please tell its administrator the request_id.",
        ),
    ),
    "unavailable": Kind(
        503,
        ("いまは使えません", "Unavailable"),
        (
            "索引かモデルを使えません。管理者は rag doctor で原因を確認できます。",
            "The index or a model cannot be used. Administrators: `rag doctor` tells why.",
        ),
    ),
    "timeout": Kind(
        504,
        ("時間内に終わりませんでした", "Took too long"),
        ("少し待って、送り直してください。", "Wait a little and send it again."),
    ),
}
