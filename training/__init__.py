"""Trains the reader that ships in `rag/reading/model`; the product never imports it."""
