"""A closer look at the few cards that words and vectors brought up."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

FEATURES: Final = ("words", "cosine", "name", "body", "success")
"""Figures of a card under a query, in the order of the columns of ``Features``; see ``Weights``."""
Features: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each figure counts.

    Attributes:
        words: BM25F score, as a share of the best among the candidates.
        cosine: of the vectors of query and card.
        name: share of the query's rarity (sum of idf) that the card's name covers.
        body: the same of its body.
        success: mean quality of the agent's steps so far, against that of all agents.
    """

    words: float = 0.02
    cosine: float = 1.0
    name: float = 0.05
    body: float = 0.03
    success: float = 0.2


STANDARD: Final = Weights()


def rerank(features: Features, weights: Weights) -> NDArray[np.float64]:
    """The weighted sum of figures of shape (cards, figures); shape (cards,)."""
    return np.asarray(features @ np.array(astuple(weights)))
