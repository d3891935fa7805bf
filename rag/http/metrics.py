"""What Prometheus reads at `/metrics`."""

from __future__ import annotations

from opentelemetry import trace
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rag.types import Abstention, Reply
from rag.workers import Workers

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The numbers of one server; not global, so that several can live in one process."""

    def __init__(self, questions: Workers) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "rag_http_requests", "Requests", ["method", "route", "status"], registry=registry
        )
        self._latency = Histogram(
            "rag_http_request_seconds",
            "From a request's first byte to its response's last",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "rag_stage_seconds",
            "Stages of answering (timings_ms of a reply)",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._replies = Counter(
            "rag_replies",
            "Replies; reason is empty for answers",
            ["status", "reason", "engine"],
            registry=registry,
        )
        self._refused = Counter("rag_refused", "Requests refused before work", ["kind"], registry=registry)
        self._articles = Gauge("rag_index_articles", "Articles in the index", registry=registry)
        self._chunks = Gauge("rag_index_chunks", "Chunks in the index", registry=registry)
        self._reload_failed = Gauge(
            "rag_reload_failed", "1 when the last look at corpus/ failed", registry=registry
        )
        Gauge("rag_questions_taken", "Questions that run or wait", registry=registry).set_function(
            lambda: questions.taken
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that is done."""
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def reply(self, reply: Reply) -> None:
        """Count a reply and how long its stages took; a trace that is being recorded is told too."""
        reason = reply.reason if isinstance(reply, Abstention) else ""
        span = trace.get_current_span()
        span.set_attributes({"rag.status": reply.status, "rag.reason": reason, "rag.engine": reply.engine})
        span.set_attributes({f"rag.{stage}_ms": spent for stage, spent in reply.timings_ms.items()})
        self._replies.labels(reply.status, reason, reply.engine).inc()
        for stage, milliseconds in reply.timings_ms.items():
            self._stages.labels(stage).observe(milliseconds / 1000)

    def refused(self, kind: str) -> None:
        """Count a request that was not worked on."""
        self._refused.labels(kind).inc()

    def index(self, articles: int, chunks: int) -> None:
        """Say how large the index is."""
        self._articles.set(articles)
        self._chunks.set(chunks)

    def reloaded(self, failed: bool) -> None:
        """Say how the last look at the corpus folder ended."""
        self._reload_failed.set(failed)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
