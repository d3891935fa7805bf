"""The HTTP API (`docs/http.md`): `rag.http.app.create_app`."""
