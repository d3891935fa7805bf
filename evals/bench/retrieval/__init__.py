"""How well retrieval ranks, next to other implementations on the same vectors: `python -m evals.bench.retrieval`."""
