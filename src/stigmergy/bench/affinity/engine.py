"""A language model's engine without the model: a real cache of prefixes, and times as if the rest were computed."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stigmergy.domain import Message

_BLOCK: Final = 32
"""Tokens that are kept, found and thrown away together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How a replica computes.

    It reads ``tokens_per_s``, one request at a time; every answer is then written for ``writing_s``, side by side; it
    has room for the keys and values of ``cache_tokens``.
    """

    tokens_per_s: float = 2500.0
    writing_s: float = 0.15
    cache_tokens: int = 24_576


@dataclass(frozen=True, slots=True)
class Served:
    """When an answer is ready, on the caller's clock, how many tokens were asked, and how many of these were cached."""

    ready_at: float
    tokens: int
    cached: int


class PrefixCache:
    """The blocks of prompts most recently used; a block counts only behind all that come before it."""

    def __init__(self, tokens: int) -> None:
        self._most = max(1, tokens // _BLOCK)
        self._blocks: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._blocks) * _BLOCK

    def read(self, tokens: Sequence[str]) -> int:
        """Tokens at the beginning that are there; afterwards all of them are, as far as there is room."""
        blocks = list(_chained(tokens))
        found = next((place for place, block in enumerate(blocks) if block not in self._blocks), len(blocks))
        # The last block first, so that ends are forgotten before the beginnings that they are worthless without.
        for block in reversed(blocks):
            self._blocks[block] = None
            self._blocks.move_to_end(block)
        while len(self._blocks) > self._most:
            self._blocks.popitem(last=False)
        return found * _BLOCK


class ModelledEngine:
    """Reads one prompt after another, in the order in which they come."""

    def __init__(self, speed: Speed) -> None:
        self._speed = speed
        self._cache = PrefixCache(speed.cache_tokens)
        self._free_at = 0.0

    def serve(self, messages: Iterable[Message], now: float) -> Served:
        """Take a request on at ``now``, which never goes back."""
        tokens = [token for message in messages for token in (message.role, *message.content.split())]
        cached = self._cache.read(tokens)
        reading_s = (len(tokens) - cached) / self._speed.tokens_per_s
        self._free_at = max(now, self._free_at) + reading_s
        return Served(self._free_at + self._speed.writing_s, len(tokens), cached)


def _chained(tokens: Sequence[str]) -> Iterator[bytes]:
    """A name for every full block, which tells it from the same block behind another beginning."""
    name = b""
    for end in range(_BLOCK, len(tokens) + 1, _BLOCK):
        block = " ".join(tokens[end - _BLOCK : end]).encode()
        name = hashlib.blake2b(block, key=name, digest_size=16).digest()
        yield name
