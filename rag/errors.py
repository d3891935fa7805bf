"""Every error this package raises on purpose: one tree under `RagError`.

Each error carries `message` (what is wrong) and `hint` (what to do next), in Japanese, and both in English as
`english`; the command line prints them without a traceback.
"""

from typing import Literal


class RagError(Exception):
    """Base of all errors that are a user's or an environment's to mend; `retryable` says whether trying again helps."""

    retryable = False

    def __init__(self, message: str, hint: str = "", *, en: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.english = en

    def said(self, lang: Literal["ja", "en"]) -> tuple[str, str]:
        """Message and hint in a language; the Japanese ones where there are no others."""
        return self.english if lang == "en" and self.english else (self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.hint}" if self.hint else self.message


class ConfigError(RagError):
    """A setting is unknown or has an impossible value."""


class InvalidQuestion(RagError):
    """The question is empty or too long to be one."""


class CorpusError(RagError):
    """An article file cannot be used; the message names the file, the line and the fix."""


class ImportFailed(RagError):
    """A file or URL could not be turned into an article."""


class ArticleNotFound(RagError):
    """No article has the given id."""


class ChunkNotFound(RagError):
    """No chunk has the given id."""


class EmbeddingError(RagError):
    """The embedding model is missing, damaged or did not answer."""


class EmbeddingUnavailable(EmbeddingError):
    """An embedding server did not answer in time or asked to wait."""

    retryable = True


class ReadingError(RagError):
    """The reader's model is missing or damaged."""


class RerankingError(RagError):
    """The reranker's model cannot be loaded, or is none."""


class MissingExtra(RagError):
    """An optional dependency is not installed; the hint is the pip command."""


class StoreError(RagError):
    """The index cannot be read or written."""


class IndexMismatch(StoreError):
    """The index was built with another model, tokenizer, chunker or format; the hint is the rebuild command."""


class StoreBusy(StoreError):
    """Another process is writing to the index."""

    retryable = True


class CitationError(RagError):
    """A quote is not in the article at the given offsets."""


class InvalidKey(RagError):
    """An API key is missing, unknown, expired or revoked, or may not do this."""


class ServerBusy(RagError):
    """More work is waiting than a server accepts, or one client asks too often."""

    retryable = True


class TookTooLong(RagError):
    """A request was given up after its time."""

    retryable = True
