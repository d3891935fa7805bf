"""Benchmarks of speed and size; each prints what it measured."""
