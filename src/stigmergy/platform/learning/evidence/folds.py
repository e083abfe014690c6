"""Parts of the queries that depend on their texts alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def fold_numbers(texts: Iterable[str], folds: int, salt: str) -> NDArray[np.int64]:
    """A number below ``folds`` for each text, by a hash of salt and text, so that equal texts stand together."""
    digests = (hashlib.sha256(f"{salt}\n{' '.join(text.lower().split())}".encode()).digest() for text in texts)
    return np.array([int.from_bytes(digest[:8], "big") % folds for digest in digests], dtype=np.int64)
