"""Text to what routers see of a query: a unit vector, a mixture over task types, and a complexity."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import UNKNOWN_TYPE, Mixture, TaskType
from stigmergy.routers.base import QueryFeatures, Vector
from stigmergy.routers.recent import Recent
from stigmergy.routers.task_types import TaskTypeClassifier

_WORD: Final = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_CLAUSE: Final = re.compile(
    r"[,;:.?!](?=\s|$)|\b(?:and|or|if|then|that|which|who|because|when|while|but|after|before|until|unless|so)\b",
    re.IGNORECASE,
)
_LONGEST: Final = 8192
"""Characters of a text that are looked at; what a query is about shows long before."""
_REMEMBERED: Final = 256
"""Texts whose features are kept: many callers ask the same, and a text that comes again costs nothing."""
_MULTIPLIERS: Final = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F], dtype=np.uint32)
_SPREAD: Final = np.uint32(0x2C1B3C6D)


class Embedder(Protocol):
    """Text to a unit vector."""

    @property
    def version(self) -> str:
        """Changes whenever the same text would give another vector."""
        ...

    def embed(self, text: str) -> Vector:
        """A float32 vector of fixed length and norm 1 (all zeros for a text without content)."""
        ...


class HashedNgrams:
    """Signed feature hashing (Weinberger et al., 2009) of characters and words; needs no training and no model.

    Counted are byte 3- and 4-grams of the lower-cased text, and words and word pairs, hashed into ``2**bits`` signed
    dimensions as ``sign(x) log(1 + |x|)``; the two kinds weigh alike, and the sum has norm 1. The hashes are fixed, so
    vectors agree between processes and machines.
    """

    def __init__(self, bits: int = 10) -> None:
        self.bits: Final = bits
        self.version: Final = f"ngrams-1.{bits}"

    def embed(self, text: str) -> Vector:
        """See ``Embedder``. The first 8192 characters are looked at."""
        lowered = text[:_LONGEST].lower()
        return _unit(_unit(self._tally(byte_grams(lowered))) + _unit(self._tally(word_grams(lowered))))

    def _tally(self, hashes: NDArray[np.uint32]) -> Vector:
        signs = 1.0 - 2.0 * (hashes & np.uint32(1))
        places = hashes >> np.uint32(32 - self.bits)
        counts = np.bincount(places, signs, 1 << self.bits).astype(np.float32)
        return np.copysign(np.log1p(np.abs(counts)), counts)


class EmbeddedWhenAsked(QueryFeatures):
    """Features whose vector is made when somebody first looks at it: trails and prices know of none."""

    __slots__ = ("_embedder",)
    _embedder: Embedder

    @classmethod
    def of(cls, embedder: Embedder, mixture: Mixture, complexity: float, version: str, text: str) -> QueryFeatures:
        """The features, without a vector as yet."""
        features = cls.__new__(cls)
        set_once = object.__setattr__  # they are frozen
        set_once(features, "_embedder", embedder)
        set_once(features, "mixture", mixture)
        set_once(features, "complexity", complexity)
        set_once(features, "version", version)
        set_once(features, "text", text)
        return features

    def __getattr__(self, name: str) -> Vector:
        # Python comes here for what is not set, which is the vector until now.
        if name != "vector":
            raise AttributeError(name)
        vector = self._embedder.embed(self.text)
        object.__setattr__(self, "vector", vector)
        return vector


class FeatureReader:
    """Reads the features of queries. Pure and thread-safe; a text always has the same features at one version.

    Without a classifier every query is of the one type that says that nothing is known.
    """

    def __init__(self, embedder: Embedder, classifier: TaskTypeClassifier | None = None) -> None:
        self._embedder = embedder
        self._classifier = classifier
        self._recent: Recent[tuple[str, TaskType | None], QueryFeatures] = Recent(_REMEMBERED)
        self.version: Final = f"{embedder.version}/{classifier.version if classifier else 'untyped'}"

    def read(self, text: str, task_type: TaskType | None = None) -> QueryFeatures:
        """The features of a query; a ``task_type`` that the user states is believed."""
        if len(text) > _LONGEST:
            return self._read(text, task_type)
        return self._recent.get((text, task_type), lambda: self._read(text, task_type))

    def _read(self, text: str, task_type: TaskType | None) -> QueryFeatures:
        if task_type is None and self._classifier is not None:
            vector = self._embedder.embed(text)
            return QueryFeatures(vector, self._classifier.mixture(vector), complexity(text), self.version, text)
        mixture = {UNKNOWN_TYPE if task_type is None else task_type: 1.0}
        return EmbeddedWhenAsked.of(self._embedder, mixture, complexity(text), self.version, text)


def complexity(text: str) -> float:
    """How much a query asks at once, in [0, 1).

    ::

        0.4 w / (w + 60) + 0.3 n / (n + 4) + 0.3 c / (c + 6)

    w: words and numbers, n: numbers, c: clause marks (punctuation at the end of a word; and, or, if, then, which ...),
    all within the first 8192 characters. 0 for an empty text; it grows with each of the three.
    """
    text = text[:_LONGEST]
    words, numbers, clauses = (len(pattern.findall(text)) for pattern in (_WORD, _NUMBER, _CLAUSE))
    return 0.4 * words / (words + 60) + 0.3 * numbers / (numbers + 4) + 0.3 * clauses / (clauses + 6)


def byte_grams(text: str) -> NDArray[np.uint32]:
    """A 32-bit hash of every run of three and of four bytes."""
    codes = np.frombuffer(f"  {text} ".encode(), dtype=np.uint8).astype(np.uint32) + np.uint32(1)
    sums = codes[:-2] * _MULTIPLIERS[0] + codes[1:-1] * _MULTIPLIERS[1] + codes[2:] * _MULTIPLIERS[2]
    longer = sums[:-1] + codes[3:] * _MULTIPLIERS[3]
    return _mixed(np.concatenate((sums, longer)))


def _mixed(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    hashes = (hashes ^ (hashes >> np.uint32(15))) * _SPREAD
    return hashes ^ (hashes >> np.uint32(13))


def word_grams(text: str) -> NDArray[np.uint32]:
    """A 32-bit hash of every word and every pair of neighbours."""
    words = [word.encode() for word in _WORD.findall(text)]
    pairs = [first + b" " + second for first, second in pairwise(words)]
    return np.array([zlib.crc32(gram) for gram in words + pairs], dtype=np.uint32)


def _unit(vector: Vector) -> Vector:
    norm = float(np.sqrt(vector @ vector))
    return vector / np.float32(norm) if norm > 0.0 else vector
