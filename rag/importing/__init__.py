"""Sources (URL, HTML, PDF, text, Markdown) to `Article`s. Nothing is fetched unless a URL is imported."""

from rag.importing.decode import decode
from rag.importing.fetching import Limits
from rag.importing.files import import_file
from rag.importing.web import import_url

__all__ = ["Limits", "decode", "import_file", "import_url"]
