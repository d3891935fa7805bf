"""API keys of a home folder, in `<home>/keys.json`: only their hashes, so that the file gives nobody access.

A key is `rag_<id>_<256 random bits>`; the id finds its entry, SHA-256 of the whole key must match. (A slow hash
guards guessable passwords; 256 random bits cannot be guessed.)
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from filelock import FileLock
from pydantic import StringConstraints, TypeAdapter, ValidationError

from rag.errors import ConfigError, InvalidKey
from rag.types import Frozen

FILE = "keys.json"
PREFIX = "rag_"

Scope = Literal["read", "write"]

_TOKEN = re.compile(r"rag_([0-9a-f]{12})_[A-Za-z0-9_\-]{43}")


class Key(Frozen):
    """A key as it is kept. It is good through the day `expires` (UTC), unless it was revoked. `write` includes `read`."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
    name: Annotated[str, StringConstraints(pattern=r"^[\w][\w.@\- ]{0,63}$")]
    scope: Scope = "read"
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created: datetime
    expires: date | None = None
    revoked: datetime | None = None

    def problem(self, today: date | None = None) -> Literal["revoked", "expired"] | None:
        """Why the key is no longer good, if it is not."""
        if self.revoked is not None:
            return "revoked"
        today = today or datetime.now(UTC).date()
        return "expired" if self.expires is not None and self.expires < today else None


class NewKey(NamedTuple):
    """A key that was just made, and the token that is shown once and never kept."""

    key: Key
    token: str


_KEYS = TypeAdapter(tuple[Key, ...])


def read_keys(home: Path) -> tuple[Key, ...]:
    """All keys, oldest first.

    Raises:
        ConfigError: the file is damaged or cannot be read.
    """
    path = home / FILE
    try:
        return _KEYS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        known = error.strerror if isinstance(error, OSError) else None
        detail, detail_en = known or "形が違います", known or "it has another form"
        raise ConfigError(
            f"{path}: API キーのファイルを読めません({detail})。",
            "退避して、「rag keys add 名前」で作り直してください。",
            en=(
                f"{path}: the file of API keys cannot be read ({detail_en}).",
                "Move it away and make the keys anew with `rag keys add NAME`.",
            ),
        ) from None


def add_key(home: Path, name: str, scope: Scope = "read", expires: date | None = None) -> NewKey:
    """Make a key.

    Raises:
        ConfigError: the name is unusable or in use, or the file cannot be written.
    """
    key_id = secrets.token_hex(6)
    token = f"{PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
    try:
        key = Key(id=key_id, name=name, scope=scope, sha256=_digest(token), created=_now(), expires=expires)
    except ValidationError:
        raise ConfigError(
            f"キーの名前「{name}」は使えません。",
            "文字・数字・空白・「_」「.」「-」「@」で 64 文字以内にしてください。",
            en=(
                f"“{name}” cannot be the name of a key.",
                "Use letters, digits, spaces, _ . - and @, at most 64 of them.",
            ),
        ) from None
    with _changing(home):
        keys = read_keys(home)
        if any(other.name == name and other.revoked is None for other in keys):
            raise ConfigError(
                f"キー「{name}」はもうあります。",
                "別の名前にするか、「rag keys revoke」で取り消してください。",
                en=(
                    f"There is a key “{name}” already.",
                    "Choose another name, or revoke that one with `rag keys revoke`.",
                ),
            )
        _write(home, (*keys, key))
    return NewKey(key, token)


def revoke_key(home: Path, name_or_id: str) -> Key:
    """Revoke the key with this name or id; a running server refuses it from then on.

    Raises:
        ConfigError: there is no such key, or the file cannot be written.
    """
    with _changing(home):
        keys = read_keys(home)
        for key in keys:
            if key.revoked is None and name_or_id in (key.name, key.id):
                revoked = key.model_copy(update={"revoked": _now()})
                _write(home, tuple(revoked if other is key else other for other in keys))
                return revoked
    raise ConfigError(
        f"有効なキー「{name_or_id}」はありません。",
        "「rag keys list」で確認してください。",
        en=(f"There is no good key “{name_or_id}”.", "`rag keys list` shows them."),
    )


class KeyRing:
    """Checks tokens against the file, which is read again as soon as it changed. Safe to share between threads."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._known: tuple[tuple[int, ...], dict[str, Key]] = ((), {})

    def good(self) -> bool:
        """Whether any key is good today.

        Raises:
            ConfigError: the file is damaged.
        """
        return any(key.problem() is None for key in self._keys().values())

    def check(self, token: str) -> Key:
        """The key of a token.

        Raises:
            InvalidKey: it is unknown, expired or revoked.
            ConfigError: the file is damaged.
        """
        match = _TOKEN.fullmatch(token)
        key = self._keys().get(match[1]) if match else None
        if key is None or not hmac.compare_digest(key.sha256, _digest(token)):
            raise InvalidKey(
                "API キーが正しくありません。",
                "「rag keys add 名前」で作ったキーを渡してください。",
                en=("The API key is not good.", "Send one that was made by `rag keys add NAME`."),
            )
        return self._checked(key)

    def by_id(self, key_id: str) -> Key:
        """The key with this id, for somebody who has shown its token before.

        Raises:
            InvalidKey, ConfigError: as `check` does.
        """
        key = self._keys().get(key_id)
        if key is None:
            raise InvalidKey(
                "API キーが正しくありません。",
                "もう一度ログインしてください。",
                en=("The API key is not good.", "Log in again."),
            )
        return self._checked(key)

    def _checked(self, key: Key) -> Key:
        problem = key.problem()
        if problem == "expired":
            raise InvalidKey(
                "API キーの期限が切れています。",
                "「rag keys add 名前」で新しいキーを作ってください。",
                en=("The API key has expired.", "Make a new one with `rag keys add NAME`."),
            )
        if problem == "revoked":
            raise InvalidKey(
                "API キーは取り消されています。",
                "「rag keys add 名前」で新しいキーを作ってください。",
                en=("The API key was revoked.", "Make a new one with `rag keys add NAME`."),
            )
        return key

    def _keys(self) -> dict[str, Key]:
        try:
            stat = (self._home / FILE).stat()
            version: tuple[int, ...] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            return {}
        known_version, keys = self._known
        if version != known_version:
            keys = {key.id: key for key in read_keys(self._home)}
            self._known = (version, keys)
        return keys


def _changing(home: Path) -> FileLock:
    return FileLock(home / f".{FILE}.lock", timeout=10)


def _write(home: Path, keys: tuple[Key, ...]) -> None:
    try:
        handle, temporary = tempfile.mkstemp(dir=home, prefix=f".{FILE}.")  # only its owner can read it
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_KEYS.dump_json(keys, indent=1, exclude_none=True))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(home / FILE)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise ConfigError(
            f"{home / FILE}: 書き込めません({error.strerror})。",
            "空き容量と書き込み権限を確認してください。",
            en=(
                f"{home / FILE}: cannot be written ({error.strerror}).",
                "Check the free space and the permissions.",
            ),
        ) from error


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
