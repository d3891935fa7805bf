"""Settings: environment before file before default, and a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import config
from rag.config import find_home, load_settings
from rag.errors import ConfigError


def write(home: Path, toml: str) -> Path:
    (home / "rag.toml").write_text(toml, encoding="utf-8")
    return home


def test_without_a_file_the_bundled_model_is_used(tmp_path: Path) -> None:
    assert load_settings(tmp_path).embedding.backend == "bundled"
    assert load_settings(tmp_path / "nowhere").embedding.backend == "bundled"


def test_the_file_beats_the_defaults_and_the_environment_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = write(
        tmp_path, '[embedding]\nbackend = "endpoint"\nmodel = "from-file"\nurl = "http://localhost/v1"'
    )
    monkeypatch.setenv("RAG_EMBEDDING__MODEL", "from-environment")
    embedding = load_settings(home).embedding
    assert (embedding.backend, embedding.model) == ("endpoint", "from-environment")
    assert embedding.url == "http://localhost/v1"
    assert load_settings(tmp_path / "elsewhere").embedding.backend == "bundled"


def test_variables_of_other_purposes_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAG_HOME", "RAG_LANG", "RAG_SOMETHING_ELSE"):
        monkeypatch.setenv(name, "x")
    assert load_settings(tmp_path).embedding.backend == "bundled"


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('[embedding]\nbackend = "openai"', "embedding.backend"),
        ("[embedding]\ndimension = 0", "embedding.dimension"),
        ('[embedding]\nmodell = "x"', "embedding.modell"),
        ('[embeding]\nbackend = "bundled"', "embeding"),
        ('embedding = "bundled"', "embedding"),
        ("[embedding\n", "line 1"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, toml: str, named: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s){named}.*") as raised:
        load_settings(write(tmp_path, toml))
    assert "rag.toml" in str(raised.value)


def test_a_file_that_is_no_text_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "rag.toml").write_bytes("# 設定".encode("cp932"))
    with pytest.raises(ConfigError, match=r"rag\.toml"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("RAG_EMBEDDING", "{not json"), ("RAG_EMBEDDING__BACKEND", "x"), ("RAG_EMBEDDING__DIMENSION", "many")],
)
def test_a_wrong_variable_is_a_config_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=r"(?i)embedding"):
        load_settings(tmp_path)


def test_a_key_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_EMBEDDING__API_KEY", "sk-very-secret")
    settings = load_settings(tmp_path)
    assert "sk-very-secret" not in f"{settings!r} {settings.model_dump_json()}"
    assert settings.embedding.api_key.get_secret_value() == "sk-very-secret"


def test_settings_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(tmp_path).embedding.model = "x"  # type: ignore[misc]


# --- where home is ----------------------------------------------------------------------------------------


def test_the_given_folder_beats_the_variable_which_beats_the_folder_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "around" / "corpus").mkdir(parents=True)
    (tmp_path / "around" / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "around" / "deep" / "er")
    assert find_home() == tmp_path / "around"
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "variable"))
    assert find_home() == tmp_path / "variable"
    assert find_home(tmp_path / "given") == tmp_path / "given"
    monkeypatch.setenv("RAG_HOME", "")
    assert find_home() == tmp_path / "around"


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home(Path("new")) == tmp_path / "new"


def test_elsewhere_the_checkout_is_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home() == Path(config.__file__).parent.parent


def test_without_any_corpus_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "__file__", str(tmp_path / "site-packages" / "rag" / "config.py"))
    with pytest.raises(ConfigError) as raised:
        find_home()
    assert "--home" in raised.value.hint


def test_a_deleted_current_folder_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert find_home() == Path(config.__file__).parent.parent


def test_a_file_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file"):
        find_home(tmp_path / "file")
