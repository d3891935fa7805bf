"""Traces go where the environment says, and nowhere when it says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]

# In a process of its own, because a provider of traces is set once for a whole process.
ASK = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from doubles import open_assistant
from http_server import QUESTION, client
with open_assistant(Path(sys.argv[1])) as assistant, client(assistant) as api:
    api.post("/v1/ask", json={"question": QUESTION}).raise_for_status()
"""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A collector of traces: its address and what it was sent."""
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


def ask(home: Path, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-c", ASK, str(home)],
        env={**os.environ, **environment},
        cwd=Path(__file__).parent.parent,
        check=True,
    )


def test_a_trace_tells_the_reply_and_its_stages(
    home: Path, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    address, received = collector
    ask(home, OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_EXPORTER_OTLP_COMPRESSION="none")
    assert {path for path, _ in received} == {"/v1/traces"}
    sent = b"".join(body for _, body in received)
    for word in (b"/v1/ask", b"rag.status", b"answered", b"rag.read_ms"):
        assert word in sent
    assert "発表".encode() not in sent


def test_without_a_collector_nothing_is_sent(
    home: Path, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    ask(home)
    assert collector[1] == []
