"""Stores: one module a backend, imported only when it is chosen."""
