"""Question sets, metrics and benchmarks; they use the public API of `rag` only."""
