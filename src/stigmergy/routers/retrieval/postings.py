"""The inverted side of tallies: for each word the cards that have it, with what it counts there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.routers.retrieval.tallies import Floats, Numbers, Tallies, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWeights:
    """The constants of BM25F; ``weights`` and ``b`` are per field of a card (name, description, body)."""

    weights: tuple[float, float, float] = (2.0, 1.5, 1.0)
    b: tuple[float, float, float] = (0.3, 0.5, 0.75)
    k1: float = 1.2


PLAIN: Final = FieldWeights()


class Postings:
    """Words to cards, with impacts: what a word counts in a card before its rarity is known.

    BM25F (Zaragoza et al., TREC 2004; Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, 3.6)::

        tf(t, d) = sum_f  w_f count_f(t, d) / (1 - b_f + b_f length_f(d) / mean_f)
        impact(t, d) = tf(t, d) / (k1 + tf(t, d))

    Args:
        tallies: of the cards.
        first: the slot of the first card; the others follow.
        means: length of each field of a mean card, shape (fields,), each above 0.
        weights: the constants.
        terms: size of the vocabulary.
    """

    def __init__(self, tallies: Tallies, first: int, means: Floats, weights: FieldWeights, terms: int) -> None:
        order = np.argsort(tallies.terms, kind="stable")
        self._slots: Final[Terms] = (tallies.cards()[order] + np.int32(first)).astype(np.int32)
        self._impacts: Final[Floats] = _impacts(tallies, means, weights)[order]
        held = np.bincount(tallies.terms, minlength=terms)
        self._starts: Final[Numbers] = np.concatenate(([0], np.cumsum(held)))

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return self._slots.nbytes + self._impacts.nbytes + self._starts.nbytes

    def of(self, term: int) -> tuple[Terms, Floats]:
        """The slots that have the word, ascending, and its impact in each; none for a word it does not know."""
        if term + 1 >= len(self._starts):
            return self._slots[:0], self._impacts[:0]
        entries = slice(int(self._starts[term]), int(self._starts[term + 1]))
        return self._slots[entries], self._impacts[entries]


def mean_lengths(tallies: Tallies) -> Floats:
    """The mean length of each field, at least 1 so that it can be divided by; shape (fields,)."""
    if not len(tallies):
        return np.ones(tallies.lengths.shape[1], np.float32)
    return np.asarray(np.maximum(tallies.lengths.mean(axis=0), 1.0), dtype=np.float32)


def _impacts(tallies: Tallies, means: Floats, weights: FieldWeights) -> Floats:
    b = np.array(weights.b, np.float32)
    scale = np.array(weights.weights, np.float32) / (1.0 - b + b * tallies.lengths / means)
    frequencies = np.einsum("ef,ef->e", tallies.counts, scale[tallies.cards()]).astype(np.float32)
    return np.asarray(frequencies / (np.float32(weights.k1) + frequencies), dtype=np.float32)
