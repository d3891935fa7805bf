"""Health, metrics and the API's reference page, which needs nothing from outside this machine."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from rag.errors import RagError
from rag.http.ask import json_response
from rag.http.schemas import Health, Readiness
from rag.http.server import server_of

router = APIRouter(tags=["system"])

_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_CSP = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@router.get("/healthz", summary="生きているか / Alive", responses={200: {"model": Health}})
async def healthz() -> Response:
    """The process lives."""
    return json_response(Health().model_dump())


@router.get(
    "/readyz",
    summary="答えられるか / Ready",
    responses={200: {"model": Readiness}, 503: {"model": Readiness, "content": {"application/json": {}}}},
)
async def readyz(request: Request) -> Response:
    """Questions can be answered: the index can be read, and the server is not shutting down."""
    server = server_of(request)
    failed = bool(server.reload_problem)
    if server.draining.is_set():
        return json_response(Readiness(status="draining", reload_problem=failed).model_dump(), 503)
    try:
        chunks = await server.questions.run(server.assistant.chunk_count, server.settings.timeout_s)
    except RagError:
        return json_response(Readiness(status="unavailable", reload_problem=failed).model_dump(), 503)
    return json_response(Readiness(status="ready", chunks=chunks, reload_problem=failed).model_dump())


@router.get(
    "/metrics",
    summary="Prometheus の指標 / Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Requests, latency by stage, replies and abstentions by reason, and the size of the index."""
    server = server_of(request)
    return Response(server.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def add_reference(app: FastAPI) -> None:
    """Serve `/docs`: Swagger UI from an installed package, with `/openapi.json`."""
    app.mount("/docs/assets", StaticFiles(directory=_ASSETS))
    page = partial(
        get_swagger_ui_html,
        openapi_url="/openapi.json",
        title=app.title,
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url="/docs/assets/favicon.png",
        swagger_ui_parameters={"validatorUrl": None},
    )

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        response = page()
        response.headers["Content-Security-Policy"] = _CSP
        return response
