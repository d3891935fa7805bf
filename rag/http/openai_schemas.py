"""The JSON of the OpenAI-compatible routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rag.http.schemas import Paired

MODEL = "rag"

Text = Annotated[str, Paired]

_CREATED = 1_767_225_600
"""When the model was "created": clients want some date. 2026-01-01."""


class Part(BaseModel):
    """A part of a message; only text is read."""

    type: str
    text: Text = ""


class Message(BaseModel):
    """A message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[Part] | None = None

    @property
    def text(self) -> str:
        """The text of all parts."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type in ("text", "input_text"))
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream should tell besides the text."""

    include_usage: bool = False


class CompletionRequest(BaseModel):
    """A conversation that ends with a question. Options about how to write (temperature and the like) are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "model": MODEL,
                "messages": [{"role": "user", "content": "Coworkはいつ発表されましたか?"}],
            }
        }
    )

    model: Text = MODEL
    messages: list[Message] = Field(min_length=1, max_length=1000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None


class UrlCitation(BaseModel):
    """Where a marker stands in the content (code points, half-open), and what it points to."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """A citation of a message."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class AnswerMessage(BaseModel):
    """What was answered."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class Choice(BaseModel):
    """The only choice."""

    index: int = 0
    message: AnswerMessage
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class TokenUsage(BaseModel):
    """Tokens at an LLM provider; zero without one."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class Completion(BaseModel):
    """An answered conversation."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: TokenUsage
    rag: dict[str, Any] = Field(description="The whole reply, as /v1/ask returns it")


class Model(BaseModel):
    """The one model there is."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = _CREATED
    owned_by: str = "rag"


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[Model] = [Model()]
