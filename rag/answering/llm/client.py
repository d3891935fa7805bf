"""A model behind one string, such as `openai:NAME`, through pydantic-ai; imported only when one is configured."""

from __future__ import annotations

import inspect
import logging
import os
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr

from rag.errors import ConfigError, MissingExtra

OutputMode = Literal["tool", "native", "prompted"]
"""How the model is made to answer in JSON: by a tool call, a JSON schema, or words alone. Servers differ."""

_OLLAMA = "http://localhost:11434/v1"
_LOGGING_BODIES = ("openai", "anthropic", "groq", "httpx", "httpx2", "httpcore", "httpcore2")
"""Clients that log requests, with the question in them, at DEBUG."""


class Connection(NamedTuple):
    """Which model to ask, and how. `base_url` is for OpenAI-compatible and Ollama servers; without an `api_key` the
    provider's own variable counts (OPENAI_API_KEY), but never for another server."""

    model: str
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    output: OutputMode = "tool"
    max_output_tokens: int | None = None


def open_agent(
    connection: Connection,
    output: type[Any],
    instructions: str,
    *,
    name: str,
    retries: int = 1,
    **settings: Any,
) -> Any:
    """A pydantic-ai agent at temperature 0 that must return `output`; nothing is sent before it is asked.

    `retries`: how often the model may mend what is not as asked. `settings`: more of pydantic-ai's model settings.

    Raises:
        MissingExtra: the library, or what it needs for this provider, is not installed.
        ConfigError: there is no such provider, or a setting does not fit it.
    """
    try:
        import pydantic_ai
    except ImportError as error:
        raise MissingExtra(
            f"LLM を呼ぶ部品が入っていません({error.name})。",
            'pip install "rag[llm]"',
            en=(f"What calls the LLM is not installed ({error.name}).", 'pip install "rag[llm]"'),
        ) from error
    modes: dict[str, Any] = {
        "tool": pydantic_ai.ToolOutput,
        "native": pydantic_ai.NativeOutput,
        "prompted": pydantic_ai.PromptedOutput,
    }
    for logger in map(logging.getLogger, _LOGGING_BODIES):
        logger.setLevel(max(logger.level, logging.INFO))
    wanted = {"temperature": 0.0, **settings}
    if connection.max_output_tokens:
        wanted["max_tokens"] = connection.max_output_tokens
    return pydantic_ai.Agent(
        _model(connection),
        output_type=modes[connection.output](output),
        instructions=instructions,
        retries=retries,
        name=name,
        model_settings=wanted,
    )


def _model(connection: Connection) -> Any:
    from pydantic_ai.exceptions import UserError

    provider = connection.model.partition(":")[0]
    try:
        return _infer(connection)
    except ImportError as error:
        raise MissingExtra(
            f"{provider} を呼ぶ部品が入っていません({error.name or provider})。",
            f'pip install "pydantic-ai-slim[{provider}]"',
            en=(
                f"What calls {provider} is not installed ({error.name or provider}).",
                f'pip install "pydantic-ai-slim[{provider}]"',
            ),
        ) from error
    except (UserError, ValueError) as error:
        why = safe(error, connection)
        raise _unusable(connection, why, why) from None


def _unusable(connection: Connection, why: str, why_en: str) -> ConfigError:
    """The error for settings that no model can be called with."""
    return ConfigError(
        f"モデル「{connection.model}」を使えません({why})。",
        '[llm] の model は "openai:モデル名" の形で、鍵は api_key か提供元の環境変数(OPENAI_API_KEY など)に、'
        "OpenAI 互換サーバーは base_url に書いてください。",
        en=(
            f"The model {connection.model} cannot be used ({why_en}).",
            'In [llm], write model as "openai:name", the key into api_key or the environment variable of its provider '
            "(such as OPENAI_API_KEY), and the address of an OpenAI-compatible server into base_url.",
        ),
    )


def _infer(connection: Connection) -> Any:
    from pydantic_ai.models import infer_model
    from pydantic_ai.providers import infer_provider_class

    provider, _, name = connection.model.partition(":")
    if not provider or not name:
        raise _unusable(connection, "「提供元:モデル名」と書きます", "write provider:name")
    if connection.base_url:
        _check_address(connection)
    key = connection.api_key.get_secret_value().strip()
    if not key.isascii():
        raise _unusable(connection, "鍵に ASCII でない文字があります", "the key is not ASCII")
    if connection.base_url and provider == "openai":
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

        server = OpenAICompatibleProvider("server", base_url=connection.base_url, api_key=key or None)
        return OpenAIChatModel(name, provider=server)

    def make(provider_name: str) -> Any:
        kind = infer_provider_class(provider_name)
        given = {"api_key": key, "base_url": connection.base_url}
        if provider_name == "ollama" and not os.environ.get("OLLAMA_BASE_URL"):
            given["base_url"] = given["base_url"] or _OLLAMA
        given = {option: value for option, value in given.items() if value}
        unknown = set(given) - set(inspect.signature(kind).parameters)
        if unknown:
            given_too = ", ".join(sorted(unknown))
            raise _unusable(
                connection,
                f"{provider_name} に {given_too} は指定できません",
                f"{provider_name} takes no {given_too}",
            )
        return kind(**given)

    return infer_model(connection.model, make)


def _check_address(connection: Connection) -> None:
    address = urlsplit(connection.base_url)
    if address.scheme not in ("http", "https") or not address.hostname or address.username is not None:
        raise _unusable(
            connection,
            "base_url は http(s)://ホスト/v1 の形で、鍵を入れずに書きます",
            "base_url is http(s)://host/v1, without a key",
        )


def safe(error: BaseException, connection: Connection | None = None) -> str:
    """The error on one short line, without any key: servers like to send them back."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    keys = [value for name, value in os.environ.items() if name.endswith(("_KEY", "_TOKEN", "_SECRET"))]
    if connection is not None:
        keys.append(connection.api_key.get_secret_value())
    for key in keys:
        if len(key) >= 8:
            text = text.replace(key, "***")
    return text if len(text) <= 300 else text[:300] + "…"
