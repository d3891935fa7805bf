"""Retrieval as other projects do it by default, on passages and vectors that are given to them.

    python -m evals.peers.ranking PEER FOLDER

reads `passages.jsonl`, `questions.jsonl`, `passages.npy` and `questions.npy` from the folder and writes the rankings to
`PEER.json`. Runs in any environment with the peer and numpy: nothing of `rag` is imported.
"""
