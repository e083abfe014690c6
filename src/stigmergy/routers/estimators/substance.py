"""What a query itself asks, without what it shares with many others, and the shape of both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stigmergy.routers.estimators.base import Matrix
from stigmergy.routers.estimators.boilerplate import Boilerplate, learn_boilerplate
from stigmergy.routers.estimators.shape import shape_of
from stigmergy.routers.estimators.views import LatentSemantics, learn_semantics, unit_rows

_SHAPE_WEIGHT: Final = 1.0
"""Of the shape beside the n-grams' 1, both at norm 1."""


@dataclass(frozen=True, slots=True)
class Substance:
    """``x = unit(semantics(body) ++ unit((shape - centre) / spread))``, learnt from texts alone, without any outcome.

    ``body`` is the text without its boilerplate; ``shape`` is that of the body and that of the whole text.
    """

    boilerplate: Boilerplate
    semantics: LatentSemantics
    centre: Matrix
    spread: Matrix

    @property
    def version(self) -> str:
        """See ``Embedder``."""
        facts = [*self.boilerplate.beginnings, *self.boilerplate.ends, self.semantics.version]
        known = "\0".join(facts).encode() + self.centre.tobytes() + self.spread.tobytes()
        return f"substance-{hashlib.sha256(known).hexdigest()[:12]}"

    def embed(self, text: str) -> Matrix:
        """The vector of one text, norm 1."""
        return np.asarray(self.embed_many((text,))[0], dtype=np.float32)

    def embed_many(self, texts: Sequence[str]) -> Matrix:
        """The vectors of texts, at least one, shape (texts, dimensions)."""
        bodies = [self.boilerplate.strip(text) for text in texts]
        shapes = unit_rows((_shapes(bodies, texts) - self.centre) / self.spread)
        return unit_rows(np.concatenate((self.semantics.embed_many(bodies), _SHAPE_WEIGHT * shapes), axis=1))


def learn_substance(texts: Sequence[str], *, bits: int = 12, rank: int = 256) -> Substance:
    """Learn from texts, at least one."""
    boilerplate = learn_boilerplate(texts)
    bodies = [boilerplate.strip(text) for text in texts]
    shapes = _shapes(bodies, texts)
    spread = shapes.std(axis=0)
    return Substance(
        boilerplate,
        learn_semantics(bodies, bits=bits, rank=rank),
        shapes.mean(axis=0),
        np.where(spread > 0.0, spread, 1.0).astype(np.float32),
    )


def _shapes(bodies: Sequence[str], texts: Sequence[str]) -> Matrix:
    pairs = zip(bodies, texts, strict=True)
    return np.stack([np.concatenate((shape_of(body), shape_of(text))) for body, text in pairs])
