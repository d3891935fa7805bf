"""What was read lately: consecutive searches of one subject ask for the same articles and chunks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from rag.types import Article, Chunk

T = TypeVar("T", Article, Chunk)


class Recent(Generic[T]):
    """Values as of the newest commit, the ones used last, with up to so many characters of text in all.

    Not safe to share between threads: call it where the database is locked.
    """

    def __init__(self, characters: int) -> None:
        self._limit = characters
        self._seq = -1
        self._held: OrderedDict[str, T] = OrderedDict()
        self._size = 0

    def get(self, seq: int, ids: Sequence[str], read: Callable[[Sequence[str]], Iterable[T]]) -> list[T]:
        """The values with these ids at commit `seq`, in that order; `read` finds those not held, if they exist."""
        if seq != self._seq:
            self._held.clear()
            self._seq, self._size = seq, 0
        missing = [id_ for id_ in dict.fromkeys(ids) if id_ not in self._held]
        new = {value.id: value for value in read(missing)} if missing else {}
        found = [new.get(id_) or self._held.get(id_) for id_ in ids]
        for id_ in ids:
            if id_ in self._held:
                self._held.move_to_end(id_)
        self._keep(new.values())
        return [value for value in found if value is not None]

    def _keep(self, values: Iterable[T]) -> None:
        for value in values:
            self._held[value.id] = value
            self._size += len(value.text)
        while self._size > self._limit:
            self._size -= len(self._held.popitem(last=False)[1].text)
