"""The vectors of cards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from stigmergy.routers.embeddings import SentenceEmbedder
from stigmergy.routers.estimators.views import LatentSemantics, embed_all, learn_semantics
from stigmergy.routers.query_features import Embedder
from stigmergy.routers.retrieval.vectors import SCANNED, Matrix

_SAMPLE: Final = 4096
_BLOCK: Final = 2048


def embedder_for(texts: Sequence[str], model: Path | None = None) -> Embedder:
    """What turns queries and cards into vectors.

    Args:
        texts: of the cards; at most 4096 of them, evenly spaced, teach hashed n-grams which directions matter.
        model: a folder with a sentence-transformers model, which takes the place of hashed n-grams.

    Raises:
        MissingExtra: there is a model, but sentence-transformers is not installed.
    """
    if model is not None:
        return SentenceEmbedder(str(model))
    step = -(-len(texts) // _SAMPLE) if texts else 1
    return learn_semantics(texts[::step] or ("",), rank=SCANNED)


def vectors_of(embedder: Embedder, texts: Sequence[str]) -> Matrix:
    """The vectors of texts, shape (texts, dimensions)."""
    if not texts:
        return np.zeros((0, len(embedder.embed(""))), np.float32)
    if isinstance(embedder, LatentSemantics):
        # Block by block: the n-grams of 80,000 texts are more than a gigabyte, what is made of them is not.
        blocks = (texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK))
        return np.concatenate([embedder.project(embed_all(embedder.embedder, block)) for block in blocks])
    return embed_all(embedder, texts)
