"""A small cache of what was needed lately."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key, the longest unused forgotten beyond ``capacity``; None is no value.

    Thread-safe; values are computed unlocked.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K, compute: Callable[[], V]) -> V:
        """The value of the key, computed when it is not there; two threads may both compute it once."""
        with self._lock:
            # A look and a move alone: keys may be long to hash.
            known = self._values.get(key)
            if known is not None:
                self._values.move_to_end(key)
                return known
        value = compute()
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)
        return value
