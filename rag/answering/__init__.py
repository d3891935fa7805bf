"""Readers that turn hits into cited statements or an abstention; one file an engine, behind `rag.protocols.Answerer`."""
