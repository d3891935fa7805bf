"""Settings, read once at the edge: `rag.toml` in the home folder, overridden by environment variables.

    [embedding]
    backend = "bundled"        # RAG_EMBEDDING__BACKEND: bundled, sentence-transformers or endpoint
    model = ""                 # RAG_EMBEDDING__MODEL: name or folder (sentence-transformers), name (endpoint)
    url = ""                   # RAG_EMBEDDING__URL: base URL of an OpenAI-compatible server, e.g. http://localhost:8000/v1
    api_key = ""               # RAG_EMBEDDING__API_KEY: better in the environment than in the file

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


class Settings(BaseSettings):
    """All settings; frozen."""

    model_config = SettingsConfigDict(
        env_prefix="RAG_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    embedding: EmbeddingSettings = EmbeddingSettings()

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
            f"{path}: TOML として読めません({error})。", "書き方を直すか、ファイルを退避してください。"
        ) from None
    except SettingsError as error:
        raise ConfigError(
            f"環境変数 RAG_* の値を読めません({error})。",
            "RAG_EMBEDDING__BACKEND のように1つずつ指定してください。",
        ) from None
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(
            f"設定「{name}」が正しくありません({problem['msg']})。",
            f"{path} か環境変数 RAG_* を直してください。",
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
            )
        return chosen.resolve()
    checkout = Path(__file__).parent.parent
    for folder in (*_here(), checkout):
        if (folder / "corpus").is_dir():
            return folder
    raise ConfigError(
        "corpus フォルダーが見つかりません。", "記事のあるフォルダーへ移るか、--home で指定してください。"
    )


def _here() -> list[Path]:
    """The current folder and those above it; none when it was deleted."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return []
    return [here, *here.parents]
