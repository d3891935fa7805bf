"""The last replies by their ids, so that feedback needs to name only the id."""

from __future__ import annotations

import threading
from collections import OrderedDict
from uuid import uuid4

from rag.types import Reply

_KEPT = 1000


class Recent:
    """Remembers replies without their hits, which hold whole articles. Safe to share between threads."""

    def __init__(self) -> None:
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, reply: Reply) -> str:
        """Remember a reply; returns the id it has from now on."""
        reply_id = uuid4().hex
        with self._lock:
            self._replies[reply_id] = reply.model_copy(update={"hits": ()})
            if len(self._replies) > _KEPT:
                self._replies.popitem(last=False)
        return reply_id

    def get(self, reply_id: str) -> Reply | None:
        """The reply, if it is still remembered."""
        return self._replies.get(reply_id)
