"""`/v1/articles`, `/v1/chunks` and `/v1/reload`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from rag.errors import ImportFailed
from rag.http.ask import json_response
from rag.http.forms import invalid, read_json, refused, writing
from rag.http.schemas import (
    ArticleObject,
    ArticlePage,
    ChangesObject,
    ChunkObject,
    Ingested,
    NewArticle,
)
from rag.http.server import WRITE_TIMEOUT_S, Server, server_of
from rag.importing import import_file, import_url
from rag.importing.draft import Draft, Given, finish
from rag.importing.slugs import url_slug
from rag.library import Changes
from rag.types import Article, Filter, Listing, PartialDate

router = APIRouter(prefix="/v1", tags=["articles"])

_NEW = """Three ways in:

* JSON with `text` and `url`: the text is stored word for word;
* JSON with only `url`: the page is fetched (public addresses only) and read;
* a form (`multipart/form-data`) with a `file` (HTML, PDF, text or Markdown) and the same other fields.

An article of the same id is replaced."""
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        **{name: {"type": "string"} for name in ("url", "id", "title", "publisher", "published")},
    },
}
_BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/NewArticle"}},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}
_Words = Annotated[str | None, Query(max_length=500)]


@router.get("/articles", summary="記事の一覧 / List articles", responses={200: {"model": ArticlePage}})
async def articles(
    request: Request,
    q: Annotated[
        str | None, Query(max_length=500, description="Part of the title, without regard to case and width")
    ] = None,
    publisher: _Words = None,
    lang: _Words = None,
    published_from: PartialDate | None = None,
    published_to: PartialDate | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Articles by id, a page at a time."""
    where = Filter(
        publishers=None if publisher is None else frozenset((publisher,)),
        langs=None if lang is None else frozenset((lang,)),
        published_from=published_from,
        published_to=published_to,
    )
    server = server_of(request)
    found = await _look(server, partial(server.assistant.listing, limit, offset, where, q or ""))
    return json_response(page_object(found, limit, offset))


@router.get(
    "/articles/{article_id}",
    summary="記事を読む / Read an article",
    responses={200: {"model": ArticleObject}},
)
async def article(request: Request, article_id: str) -> Response:
    """An article with its text, word for word."""
    server = server_of(request)
    return json_response(full(await _look(server, partial(server.assistant.article, article_id))))


@router.get(
    "/chunks/{chunk_id}", summary="チャンクを読む / Read a chunk", responses={200: {"model": ChunkObject}}
)
async def chunk(request: Request, chunk_id: str) -> Response:
    """A chunk by the `chunk_id` of a hit or citation. It is gone when its article has changed since."""
    server = server_of(request)
    return json_response((await _look(server, partial(server.assistant.chunk, chunk_id))).model_dump())


@router.post(
    "/articles",
    summary="記事を取り込む / Add an article",
    description=_NEW,
    status_code=201,
    responses={201: {"model": Ingested}},
    openapi_extra=_BODIES,
    dependencies=[Depends(writing)],
)
async def add(request: Request) -> Response:
    """See `_NEW`."""
    server = server_of(request)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        made = await _from_form(request, server)
    else:
        given = await read_json(request, NewArticle)
        make = (
            partial(_from_text, given, given.text)
            if given.text is not None
            else partial(_from_url, given, server)
        )
        made = await server.imports.run(make, server.settings.timeout_s)
    changes = await _write(server, partial(server.assistant.ingest, [made]))
    return json_response({"article": summary(made), "changes": changes_object(changes)}, 201)


@router.delete(
    "/articles/{article_id}",
    summary="記事を取り除く / Remove an article",
    responses={200: {"model": ChangesObject}},
    dependencies=[Depends(writing)],
)
async def remove(request: Request, article_id: str) -> Response:
    """Removes an article from the corpus folder and the index."""
    server = server_of(request)
    changes = await _write(server, partial(server.assistant.remove, article_id))
    return json_response(changes_object(changes))


@router.post(
    "/reload",
    summary="corpus/ の変更を取り込む / Take over changes in corpus/",
    responses={200: {"model": ChangesObject}},
    dependencies=[Depends(writing)],
)
async def reload(request: Request) -> Response:
    """Does at once what the server does every few seconds; questions go on being answered meanwhile."""
    server = server_of(request)
    return json_response(changes_object(await _write(server, server.assistant.update)))


async def _look(server: Server, call: Callable[[], Any]) -> Any:
    return await server.questions.run(call, server.settings.timeout_s)


async def _write(server: Server, call: Callable[[], Changes]) -> Changes:
    changes = await server.writes.run(call, WRITE_TIMEOUT_S)
    if changes:
        await server.writes.run(server.count, WRITE_TIMEOUT_S)
    return changes


def _from_text(given: NewArticle, words: str) -> Article:
    facts = Given(given.url, given.title, given.publisher, given.published, given.id)
    return finish(Draft(text=words), facts, url=given.url, slug=url_slug(given.url))


def _from_url(given: NewArticle, server: Server) -> Article:
    if not server.settings.url_imports:
        raise ImportFailed(
            "このサーバーは URL からの取り込みをしません。",
            "text に本文を入れて送ってください。",
            en=("This server does not import from URLs.", "Send the text itself as text."),
        )
    return import_url(
        given.url,
        title=given.title,
        publisher=given.publisher,
        published=given.published,
        article_id=given.id,
    )


async def _from_form(request: Request, server: Server) -> Article:
    async with request.form(
        max_files=1, max_fields=8, max_part_size=server.settings.max_upload_bytes
    ) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise invalid("file", "ファイルが必要です。", "A file is needed")
        fields = {name: value for name, value in form.items() if name != "file" and value != ""}
        if "text" in fields:
            raise invalid("text", "ファイルと本文のどちらか一方にしてください。", "Either a file or a text")
        try:
            # A URL that HTML states of itself will do; something has to stand in its place until that is known.
            given = NewArticle.model_validate({"url": "https://unknown.invalid/", **fields})
        except ValidationError as error:
            raise refused(error) from None
        data = await file.read()
        url = given.url if "url" in fields else None
        return await server.imports.run(
            partial(_from_file, given, url, file.filename or "", data), server.settings.timeout_s
        )


def _from_file(given: NewArticle, url: str | None, filename: str, data: bytes) -> Article:
    """The article of a file that was sent; of its name only the last part is used, and only inside a new folder."""
    name = PurePosixPath(filename.replace("\\", "/")).name[-100:].replace("\0", "")
    with tempfile.TemporaryDirectory(prefix="rag-upload-") as folder:
        path = Path(folder) / (name if name.strip(". ") else "file")
        path.write_bytes(data)
        try:
            return import_file(
                path,
                url=url,
                title=given.title,
                publisher=given.publisher,
                published=given.published,
                article_id=given.id,
            )
        except ImportFailed as error:
            message, hint = _without(folder, error.said("ja"))
            raise ImportFailed(message, hint, en=_without(folder, error.said("en"))) from None


def _without(folder: str, said: tuple[str, str]) -> tuple[str, str]:
    message, hint = said
    return message.replace(f"{folder}/", ""), hint.replace(f"{folder}/", "")


def summary(article: Article) -> dict[str, Any]:
    """An article as a JSON object without its text (`ArticleSummary`)."""
    known = article.model_dump(exclude={"text", "references"})
    return {**known, "characters": len(article.text), "content_hash": article.content_hash}


def page_object(found: Listing, limit: int, offset: int) -> dict[str, Any]:
    """A page of a list as a JSON object (`ArticlePage`)."""
    following = offset + limit if offset + limit < found.total else None
    articles = [summary(article) for article in found.articles]
    return {"total": found.total, "articles": articles, "next_offset": following}


def full(article: Article) -> dict[str, Any]:
    """An article as a JSON object (`ArticleObject`)."""
    return {**summary(article), **article.model_dump(include={"text", "references"})}


def changes_object(changes: Changes) -> dict[str, Any]:
    """What an update did, as a JSON object (`ChangesObject`)."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in changes._asdict().items()
    }
