"""A Japanese-first question-answering assistant that never answers without proof.

from rag import Assistant, Answer, Abstention

assistant = Assistant.open()
reply = assistant.ask("Coworkはいつ発表されましたか?")
"""

from rag.assistant import Assistant
from rag.errors import RagError
from rag.types import Abstention, Answer, Article, Chunk, Citation, Filter, Hit, Reply, Statement, Turn

__all__ = [
    "Abstention",
    "Answer",
    "Article",
    "Assistant",
    "Chunk",
    "Citation",
    "Filter",
    "Hit",
    "RagError",
    "Reply",
    "Statement",
    "Turn",
]
__version__ = "0.1.0"
