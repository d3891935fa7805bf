"""The chat's parts: what is shown (pure functions to escaped HTML), and the pages that show it (Gradio)."""
