"""The parts of `scripts/build_bundled_model.py`: read weights, choose pieces, write tokenizer and graph."""
