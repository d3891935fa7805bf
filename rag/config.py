"""Settings, read once at the edge: `rag.toml` in the home folder, overridden by environment variables.

    [embedding]
    backend = "bundled"        # RAG_EMBEDDING__BACKEND: bundled, sentence-transformers or endpoint
    model = ""                 # RAG_EMBEDDING__MODEL: name or folder (sentence-transformers), name (endpoint)
    url = ""                   # RAG_EMBEDDING__URL: base URL of an OpenAI-compatible server, e.g. http://localhost:8000/v1
    api_key = ""               # RAG_EMBEDDING__API_KEY: better in the environment than in the file

    [reader]
    backend = "model"          # RAG_READER__BACKEND: model (the span reader in the package), or rules

    [reranker]
    backend = "none"           # RAG_RERANKER__BACKEND: none, or sentence-transformers (a CrossEncoder; slow on a CPU)
    model = ""                 # RAG_RERANKER__MODEL: name or folder

    [llm]
    model = ""                 # RAG_LLM__MODEL: openai:NAME, anthropic:NAME, ollama:NAME, …; empty: no LLM
    base_url = ""              # RAG_LLM__BASE_URL: OpenAI-compatible server (vLLM, llama.cpp), e.g. http://localhost:8000/v1
    api_key = ""               # RAG_LLM__API_KEY, or the provider's own variable, such as OPENAI_API_KEY
    output = "tool"            # RAG_LLM__OUTPUT: tool, native or prompted; how the model is made to answer in JSON
    timeout_s = 60             # RAG_LLM__TIMEOUT_S: after so many seconds the reply is made without the LLM
    max_output_tokens = 4000   # RAG_LLM__MAX_OUTPUT_TOKENS

    [server]                   # `rag serve`; all of it: `ServerSettings`
    host = "127.0.0.1"         # RAG_SERVER__HOST: beyond loopback every request needs a key (rag keys add)
    port = 8000                # RAG_SERVER__PORT

The home folder holds `corpus/` and `index/`: `--home`, else `RAG_HOME`, else the nearest folder at or above
the current one that has a `corpus/`, else the checkout that this package runs from.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from rag.errors import ConfigError


class EmbeddingSettings(BaseModel):
    """Which embedding model to use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["bundled", "sentence-transformers", "endpoint"] = "bundled"
    model: str = ""
    url: str = ""
    api_key: SecretStr = SecretStr("")
    dimension: int | None = Field(default=None, gt=0)
    query_prompt: str | None = None
    document_prompt: str | None = None


class ServerSettings(BaseModel):
    """How `rag serve` listens and what it accepts. Times are seconds, sizes bytes.

    `require_key`: None asks for keys beyond loopback, and where `allowed_hosts` says that a proxy stands before it.
    `allowed_hosts`: names besides those of loopback that a request may be for. `cors_origins`: web pages of other
    origins that may use the API, as `https://example.com`. `threads`: questions answered at a time; `waiting`: how
    many more are accepted before 429. `rate`, `burst`: requests per second and at once, for each key.
    `reload_s`: how often `corpus/` is looked at for changes; 0 never. `log_questions`: whether questions are logged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    require_key: bool | None = None
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    threads: int = Field(default=2, ge=1, le=256)
    waiting: int = Field(default=64, ge=0, le=10_000)
    timeout_s: float = Field(default=60, gt=0)
    max_body_bytes: int = Field(default=1_000_000, ge=1000)
    max_upload_bytes: int = Field(default=20_000_000, ge=1000)
    max_connections: int = Field(default=512, ge=1)
    rate: float = Field(default=20, gt=0)
    burst: int = Field(default=60, ge=1)
    url_imports: bool = True
    reload_s: float = Field(default=5, ge=0)
    log_questions: bool = False


class ReaderSettings(BaseModel):
    """What finds the answer in the passages: the span reader in the package, or rules alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["model", "rules"] = "model"


class RerankerSettings(BaseModel):
    """What orders the hits anew: nothing, the reader in the package, or a cross-encoder, which `model` names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["none", "bundled", "sentence-transformers"] = "none"
    model: str = ""


class LlmSettings(BaseModel):
    """Which LLM writes the answers; none while `model` is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = ""
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    output: Literal["tool", "native", "prompted"] = "tool"
    timeout_s: float = Field(default=60, gt=0, le=3600)
    max_output_tokens: int = Field(default=4000, gt=0)


class Settings(BaseSettings):
    """All settings; frozen."""

    model_config = SettingsConfigDict(
        env_prefix="RAG_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    embedding: EmbeddingSettings = EmbeddingSettings()
    reader: ReaderSettings = ReaderSettings()
    reranker: RerankerSettings = RerankerSettings()
    llm: LlmSettings = LlmSettings()
    server: ServerSettings = ServerSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file."""
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))


def load_settings(home: Path) -> Settings:
    """Read the settings of a home folder.

    Raises:
        ConfigError: naming the setting that is wrong.
    """
    path = home / "rag.toml"

    class _FromHome(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return _FromHome()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{path}: TOML として読めません({error})。",
            "書き方を直すか、ファイルを退避してください。",
            en=(f"{path}: cannot be read as TOML ({error}).", "Mend it, or move it away."),
        ) from None
    except SettingsError as error:
        raise ConfigError(
            f"環境変数 RAG_* の値を読めません({error})。",
            "RAG_EMBEDDING__BACKEND のように1つずつ指定してください。",
            en=(
                f"The values of RAG_* in the environment cannot be read ({error}).",
                "Give them one by one, like RAG_EMBEDDING__BACKEND.",
            ),
        ) from None
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(
            f"設定「{name}」が正しくありません({problem['msg']})。",
            f"{path} か環境変数 RAG_* を直してください。",
            en=(
                f"The setting “{name}” is wrong ({problem['msg']}).",
                f"Mend it in {path} or in RAG_* of the environment.",
            ),
        ) from None


def find_home(given: Path | None = None) -> Path:
    """The folder that holds `corpus/` and `index/`.

    Raises:
        ConfigError: if none can be found.
    """
    chosen = given or (Path(os.environ["RAG_HOME"]) if os.environ.get("RAG_HOME") else None)
    if chosen is not None:
        if chosen.exists() and not chosen.is_dir():
            raise ConfigError(
                f"{chosen} はフォルダーではありません。",
                "--home か RAG_HOME にフォルダーを指定してください。",
                en=(f"{chosen} is not a folder.", "Name a folder with --home or RAG_HOME."),
            )
        return chosen.resolve()
    checkout = Path(__file__).parent.parent
    for folder in (*_here(), checkout):
        if (folder / "corpus").is_dir():
            return folder
    raise ConfigError(
        "corpus フォルダーが見つかりません。",
        "記事のあるフォルダーへ移るか、--home で指定してください。",
        en=("There is no corpus folder.", "Go to the folder with the articles, or name it with --home."),
    )


def _here() -> list[Path]:
    """The current folder and those above it; none when it was deleted."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return []
    return [here, *here.parents]
