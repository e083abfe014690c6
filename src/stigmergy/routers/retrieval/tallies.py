"""How often each word occurs in each field of each card, as flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.retrieval.cards import FIELDS, AgentCard
from stigmergy.routers.retrieval.words import words_of

Numbers: TypeAlias = NDArray[np.int64]
Terms: TypeAlias = NDArray[np.int32]
Counts: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]
Alive: TypeAlias = NDArray[np.bool_]

_MOST: int = 255
"""Occurrences that are counted; a word that is said more often says no more (and BM25 saturates long before)."""


class Vocabulary:
    """Numbers of words, in the order in which they were met. Grows; a word keeps its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, word: str) -> int:
        """The word's number, a new one for a new word."""
        return self._numbers.setdefault(word, len(self._numbers))

    def known(self, words: Iterable[str]) -> Numbers:
        """The numbers of the distinct words that have one, ascending."""
        return np.array(sorted({self._numbers[word] for word in words if word in self._numbers}), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Tallies:
    """Cards, one after the other: card ``i`` has the entries ``starts[i]`` to ``starts[i + 1]``.

    Attributes:
        starts: shape (cards + 1,).
        terms: the number of a word, shape (entries,); distinct within a card.
        counts: its occurrences in each field, at most 255, shape (entries, fields).
        lengths: words in each field, shape (cards, fields).
    """

    starts: Numbers
    terms: Terms
    counts: Counts
    lengths: Floats

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return self.starts.nbytes + self.terms.nbytes + self.counts.nbytes + self.lengths.nbytes

    def of(self, card: int) -> slice:
        """Where the entries of a card are."""
        return slice(int(self.starts[card]), int(self.starts[card + 1]))

    def cards(self) -> Terms:
        """The card that each entry is of, shape (entries,)."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))

    def joined(self, other: Tallies) -> Tallies:
        """These cards, then the others."""
        return Tallies(
            np.concatenate((self.starts, other.starts[1:] + self.starts[-1])),
            np.concatenate((self.terms, other.terms)),
            np.concatenate((self.counts, other.counts)),
            np.concatenate((self.lengths, other.lengths)),
        )

    def kept(self, alive: Alive) -> Tallies:
        """The cards that ``alive``, shape (cards,), marks."""
        entries = np.repeat(alive, np.diff(self.starts))
        starts = np.concatenate(([0], np.cumsum(np.diff(self.starts)[alive])))
        return Tallies(starts, self.terms[entries], self.counts[entries], self.lengths[alive])


def tally(cards: Iterable[AgentCard], vocabulary: Vocabulary) -> Tallies:
    """Count the words of cards; words that are new are added to the vocabulary."""
    starts, counts = [0], bytearray()
    lengths: list[list[int]] = []
    terms: list[int] = []
    for card in cards:
        found: dict[int, list[int]] = {}
        lengths.append([_count(found, field, words, vocabulary) for field, words in _fields(card)])
        terms.extend(found)
        for each in found.values():
            counts.extend(min(count, _MOST) for count in each)
        starts.append(len(terms))
    shape = (len(terms), len(FIELDS))
    return Tallies(
        np.array(starts, np.int64),
        np.array(terms, np.int32),
        np.frombuffer(bytes(counts), np.uint8).reshape(shape),
        np.array(lengths, np.float32).reshape(-1, len(FIELDS)),
    )


def _fields(card: AgentCard) -> Iterator[tuple[int, list[str]]]:
    return ((place, words_of(getattr(card, name))) for place, name in enumerate(FIELDS))


def _count(found: dict[int, list[int]], field: int, words: list[str], vocabulary: Vocabulary) -> int:
    for word in words:
        found.setdefault(vocabulary.number(word), [0] * len(FIELDS))[field] += 1
    return len(words)
