"""From a press in the browser to Python: the acts that an HTML component passes on, and the data that comes along."""

from __future__ import annotations

from typing import Any

import gradio as gr

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""For every event: no spinner over the page, and no endpoint for others."""


def html(elem_id: str, *acts: str, value: str = "") -> gr.HTML:
    """A place for HTML of our own, which passes on these acts as its events `chat_<act>`."""
    names = ", ".join(f"'chat_{act}'" for act in acts)
    return gr.HTML(
        value,
        elem_id=elem_id,
        apply_default_css=False,
        js_on_load=f"ragChat.bind(element, trigger, [{names}]);",
    )


def field(event: gr.EventData, name: str) -> str:
    """A text that came with an event; empty where there is none, for anyone can send anything."""
    data: Any = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def number(event: gr.EventData, name: str) -> int:
    """A whole number that came with an event; −1 where there is none."""
    value = field(event, name)
    return int(value) if value.isdecimal() and len(value) < 10 else -1
