"""Article ids: readable, safe as a file name, the same every time, and different for different sources."""

import hashlib
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit

# An id is also a file name, which may be 255 bytes; 60 characters are at most 240.
_MAX_CHARACTERS = 60
_HASH_CHARACTERS = 8


def url_slug(url: str) -> str:
    """The id of a page: host and path joined by `_`, as `www.example.com_news_2026_opening`.

    The same words from another URL (a query, upper case, characters that an id may not have) get a hash of
    the URL at the end, so that different pages never share an id. A slash at the end makes no difference.
    """
    parts = urlsplit(url)
    readable = _readable(f"{parts.hostname or ''}{unquote(parts.path)}".rstrip("/").replace("/", "_"))
    plain = "https://" + readable.replace("_", "/")
    exact = url.rstrip("/") in (plain, quote(plain, safe="/:.-~"))
    return readable if exact and len(readable) <= _MAX_CHARACTERS else _hashed(readable, url)


def file_slug(stem: str, url: str) -> str:
    """The id of a file: its name and a hash of its name and URL, as `週報-3f2a9c01`."""
    return _hashed(_readable(stem), f"{stem}\n{url}")


def _readable(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(ch if _allowed(ch) else "-" for ch in folded)
    return re.sub(r"-{2,}", "-", kept).strip("-._") or "article"


def _allowed(ch: str) -> bool:
    return ch in "_.-" or unicodedata.category(ch) in ("Ll", "Lo", "Lm", "Nd")


def _hashed(readable: str, identity: str) -> str:
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_HASH_CHARACTERS]
    return f"{readable[: _MAX_CHARACTERS - _HASH_CHARACTERS - 1].rstrip('-._')}-{digest}"
