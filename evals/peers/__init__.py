"""The same questions through other people's pipelines."""
