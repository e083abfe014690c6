"""What everything here is held against: BM25 over whole cards as one sparse product with every card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from stigmergy.domain import AgentId
from stigmergy.routers.retrieval.cards import AgentCard
from stigmergy.routers.retrieval.words import words_of

_K1: Final = 1.2
_B: Final = 0.75


class PlainBm25:
    """BM25 (Robertson et al., TREC-3, 1994) without fields, without an inverted index, in SciPy."""

    def __init__(self, cards: Sequence[AgentCard]) -> None:
        from scipy.sparse import csr_matrix

        counted = [Counter(words_of(card.text)) for card in cards]
        self._agents: Final = [card.agent for card in cards]
        self._terms: Final = {word: term for term, word in enumerate(dict.fromkeys(w for c in counted for w in c))}
        sizes = np.array([len(counts) for counts in counted])
        rows = np.repeat(np.arange(len(cards)), sizes)
        terms = np.array([self._terms[word] for counts in counted for word in counts])
        often = np.array([count for counts in counted for count in counts.values()], np.float32)
        lengths = np.array([counts.total() for counts in counted], np.float32)
        norms = _K1 * (1.0 - _B + _B * lengths / lengths.mean())
        having = np.bincount(terms, minlength=len(self._terms))
        idf = np.log1p((len(cards) - having + 0.5) / (having + 0.5))
        weights = (idf[terms] * often / (often + norms[rows])).astype(np.float32)
        self._matrix: Final = csr_matrix((weights, (rows, terms)), shape=(len(cards), len(self._terms)))

    def best(self, query: str, k: int) -> tuple[AgentId, ...]:
        """The ``k`` cards with the highest scores."""
        asked = np.zeros(len(self._terms), np.float32)
        asked[[self._terms[word] for word in words_of(query) if word in self._terms]] = 1.0
        scores = self._matrix @ asked
        k = min(k, len(scores))
        places = np.argpartition(scores, len(scores) - k)[len(scores) - k :]
        return tuple(self._agents[place] for place in places[np.argsort(-scores[places], kind="stable")].tolist())
