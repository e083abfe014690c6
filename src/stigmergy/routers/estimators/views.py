"""From texts to the vectors that estimators look at."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from stigmergy.routers.estimators.base import Matrix
from stigmergy.routers.query_features import Embedder, HashedNgrams

NGRAMS: Final = "ngrams"
"""Hashed n-grams, weighted by rarity and projected on their main directions."""
SUBSTANCE: Final = "substance"
"""N-grams of what a query itself asks, and the shape of the text; see ``substance``."""
SENTENCES: Final = "sentences"
"""A sentence-transformers model; needs the extra ``embeddings``."""
_SWEEPS: Final = 4


def embed_all(embedder: Embedder, texts: Sequence[str]) -> Matrix:
    """The vectors of texts, shape (texts, dimensions)."""
    return np.stack([embedder.embed(text) for text in texts]).astype(np.float32)


@dataclass(frozen=True, slots=True)
class LatentSemantics:
    """TF-IDF and its main directions (Deerwester et al., 1990), learnt from texts alone, without any outcome.

    ``x = unit((unit(v * rarity)) P)`` where v are hashed n-grams, ``rarity`` of shape (dimensions,) is
    ``log((1 + n) / (1 + texts that have it)) + 1`` and P, shape (dimensions, rank), holds right singular vectors.
    """

    embedder: HashedNgrams
    rarity: Matrix
    directions: Matrix

    @property
    def version(self) -> str:
        """See ``Embedder``."""
        facts = self.rarity.tobytes() + self.directions.tobytes()
        return f"latent-{self.embedder.version}-{hashlib.sha256(facts).hexdigest()[:12]}"

    def embed(self, text: str) -> Matrix:
        """The vector of one text, shape (rank,)."""
        return np.asarray(self.project(self.embedder.embed(text)[None])[0], dtype=np.float32)

    def embed_many(self, texts: Sequence[str]) -> Matrix:
        """The vectors of texts, at least one, shape (texts, rank)."""
        return self.project(embed_all(self.embedder, texts))

    def project(self, vectors: Matrix) -> Matrix:
        """From the embedder's vectors, shape (Q, dimensions), to this view's, shape (Q, rank)."""
        return unit_rows(unit_rows(vectors * self.rarity) @ self.directions)


def learn_semantics(texts: Sequence[str], *, bits: int = 12, rank: int = 256) -> LatentSemantics:
    """Learn rarities and directions from texts (at least one).

    The directions come from a randomised range finder with power iterations (Halko et al., 2011) and a fixed seed.
    """
    embedder = HashedNgrams(bits)
    plain = embed_all(embedder, texts)
    present = np.count_nonzero(plain, axis=0)
    rarity = (np.log((1.0 + len(texts)) / (1.0 + present)) + 1.0).astype(np.float32)
    directions = _main_directions(unit_rows(plain * rarity), min(rank, *plain.shape))
    return LatentSemantics(embedder, rarity, directions)


def embed_cached(embedder: Embedder, texts: Sequence[str], folder: Path) -> Matrix:
    """``embed_all``, kept in a file of the folder that is named by the embedder's version and the texts."""
    facts = hashlib.sha256("\0".join((embedder.version, *texts)).encode()).hexdigest()
    kept = folder / f"{facts[:24]}.npy"
    if kept.exists():
        return np.asarray(np.load(kept, allow_pickle=False), dtype=np.float32)
    vectors = embed_all(embedder, texts)
    folder.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed, so that a run that is interrupted leaves no half file under the final name.
    aside = kept.with_suffix(f".{os.getpid()}.tmp")
    with aside.open("wb") as stream:
        np.save(stream, vectors, allow_pickle=False)
    aside.replace(kept)
    return vectors


def unit_rows(vectors: Matrix) -> Matrix:
    """Every row at norm 1; rows of zeros stay."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(norms > 0.0, norms, 1.0)).astype(np.float32)


def _main_directions(vectors: Matrix, rank: int) -> Matrix:
    width = min(rank + 32, *vectors.shape)
    probe = np.random.default_rng(0).standard_normal((vectors.shape[1], width), dtype=np.float32)
    for _ in range(_SWEEPS):
        probe, _ = np.linalg.qr(vectors.T @ (vectors @ probe))
    _, _, rows = np.linalg.svd(vectors @ probe, full_matrices=False)
    return np.ascontiguousarray((probe @ rows.T)[:, :rank], dtype=np.float32)
