"""BM25F over an inverted index that changes while it is searched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.retrieval.cards import AgentCard
from stigmergy.routers.retrieval.postings import PLAIN, FieldWeights, Postings, mean_lengths
from stigmergy.routers.retrieval.ranking import Slots, top
from stigmergy.routers.retrieval.tallies import Alive, Floats, Numbers, Tallies, Vocabulary, tally
from stigmergy.routers.retrieval.words import words_of

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """The known words of a query, their idf, and the score of every slot: -inf without one, or where not allowed."""

    terms: Numbers
    rarities: Reals
    scores: Reals

    def best(self, k: int) -> Slots:
        """The ``k`` slots with the highest scores."""
        return top(self.scores, k)

    def shares(self, slots: Slots) -> Reals:
        """Scores of slots as shares of the highest among them; 0 for those without one."""
        found = np.maximum(self.scores[slots], 0.0)
        return np.asarray(found / max(float(found.max(initial=0.0)), 1e-12))


class LexicalIndex:
    """Scores every slot by the words that it shares with a query; see ``Postings`` for impacts.

    ::

        score(q, d) = sum_{t in q} idf(t) impact(t, d),   idf(t) = log(1 + (N - n_t + .5) / (n_t + .5))

    N cards are there, n_t have the word (Robertson and Sparck Jones, with 1 added so that no word counts against a
    card). Cards have slots in the order in which they came. New ones stand in a small index of their own, removed ones
    keep their slots, until ``compact``. N and n_t are always those of the cards that are there; mean lengths are those
    of the last ``compact``.
    """

    _settled: Tallies
    _postings: Postings
    _fresh: Tallies
    _means: Floats
    _frequencies: Numbers

    def __init__(self, cards: Iterable[AgentCard], weights: FieldWeights = PLAIN) -> None:
        self._weights = weights
        self._vocabulary: Final = Vocabulary()
        self._fresh_postings: Postings | None = None
        self._settle(tally(cards, self._vocabulary))

    def __len__(self) -> int:
        """How many slots there are, those of removed cards included."""
        return len(self._settled) + len(self._fresh)

    @property
    def nbytes(self) -> int:
        """Bytes that its arrays take."""
        arrays = (self._settled, self._postings, self._fresh, self._frequencies)
        return sum(each.nbytes for each in arrays)

    def add(self, card: AgentCard) -> None:
        """A new card, in the next slot."""
        new = tally((card,), self._vocabulary)
        self._fresh = self._fresh.joined(new)
        self._fresh_postings = None
        self._count(new.terms, 1)

    def remove(self, slot: int) -> None:
        """What the card of the slot added to rarities is taken back; whoever asks for scores leaves it out."""
        tallies, place = self._where(slot)
        self._count(tallies.terms[tallies.of(place)], -1)

    def compact(self, alive: Alive) -> None:
        """Only the slots that ``alive`` marks stay, and are numbered anew in the same order."""
        self._settle(self._settled.joined(self._fresh).kept(alive))

    def hear(self, query: str, cards: int, allowed: Alive) -> Heard:
        """What the words of a query say of every slot.

        Args:
            query: any text.
            cards: how many are there, removed ones left out.
            allowed: the slots that count, shape (slots,).
        """
        terms = self._vocabulary.known(words_of(query))
        having = self._frequencies[terms]
        rarities = np.log1p((cards - having + 0.5) / (having + 0.5))
        scores = self._scores(terms, rarities)
        return Heard(terms, rarities, np.where(allowed & (scores > 0.0), scores, -np.inf))

    def _scores(self, terms: Numbers, rarities: Reals) -> Reals:
        slots, impacts = [], []
        for term, rarity in zip(terms.tolist(), rarities.tolist(), strict=True):
            for postings in (self._postings, self._delta()):
                found, weights = postings.of(term)
                slots.append(found)
                impacts.append(weights * np.float32(rarity))
        if not slots:
            return np.zeros(len(self))
        return np.asarray(np.bincount(np.concatenate(slots), np.concatenate(impacts), len(self)), dtype=np.float64)

    def coverage(self, slots: Sequence[int], heard: Heard) -> Floats:
        """The share of a query's rarity that each field of each of these cards covers, shape (slots, fields)."""
        worth = np.zeros(len(self._vocabulary), np.float32)
        worth[heard.terms] = heard.rarities / max(float(heard.rarities.sum()), 1e-12)
        found = np.zeros((len(slots), self._settled.lengths.shape[1]), np.float32)
        for row, slot in enumerate(slots):
            tallies, place = self._where(slot)
            entries = tallies.of(place)
            found[row] = worth[tallies.terms[entries]] @ (tallies.counts[entries] > 0)
        return found

    def _settle(self, tallies: Tallies) -> None:
        terms = len(self._vocabulary)
        self._means = mean_lengths(tallies)
        self._settled = tallies
        self._postings = Postings(tallies, 0, self._means, self._weights, terms)
        self._fresh = tally((), self._vocabulary)
        self._fresh_postings = None
        self._frequencies = np.bincount(tallies.terms, minlength=terms)

    def _delta(self) -> Postings:
        if self._fresh_postings is None:
            self._fresh_postings = Postings(
                self._fresh, len(self._settled), self._means, self._weights, len(self._vocabulary)
            )
        return self._fresh_postings

    def _where(self, slot: int) -> tuple[Tallies, int]:
        settled = len(self._settled)
        return (self._settled, slot) if slot < settled else (self._fresh, slot - settled)

    def _count(self, terms: NDArray[np.int32], by: int) -> None:
        new = len(self._vocabulary) - len(self._frequencies)
        if new > 0:
            self._frequencies = np.concatenate((self._frequencies, np.zeros(new, np.int64)))
        self._frequencies[terms] += by  # the words of one card are distinct
