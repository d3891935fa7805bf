"""The HTTP API (`docs/http.md`)."""

from rag.http.app import create_app

__all__ = ["create_app"]
