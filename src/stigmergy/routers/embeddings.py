"""Sentence embeddings as an alternative to hashed n-grams. Needs the extra ``embeddings``; torch is loaded here."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import numpy as np

from stigmergy.errors import MissingExtra
from stigmergy.routers.base import Vector


class SentenceEmbedder:
    """A sentence-transformers model behind ``query_features.Embedder``. Loads the model when it is built.

    Args:
        model: a name on the Hugging Face hub or a folder.
        device: where torch runs it, such as ``cpu`` or ``cuda``.

    Raises:
        MissingExtra: sentence-transformers is not installed.
    """

    def __init__(self, model: str = "sentence-transformers/all-MiniLM-L6-v2", device: str = "cpu") -> None:
        self._model = _load(model, device)
        self.version: Final = f"sentence:{model}"

    def embed(self, text: str) -> Vector:
        """See ``Embedder``."""
        vector: Any = self._model.encode(text, normalize_embeddings=True, convert_to_numpy=True)
        return np.asarray(vector, dtype=np.float32)


def _load(model: str, device: str) -> Any:
    try:
        package = import_module("sentence_transformers")
    except ImportError:
        raise MissingExtra("sentence-transformers", "embeddings") from None
    return package.SentenceTransformer(model, device=device)
