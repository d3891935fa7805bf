"""Embedders: `bundled` (the default), `sentence_transformers` (any model), `endpoint` (OpenAI-compatible).

Import the module of the backend that is wanted; importing this package loads none of them.
"""
