"""What kind of query it is: a classifier of task types over query vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import Mixture, TaskType
from stigmergy.routers.base import Vector

_FORMAT: Final = 1


class Embeds(Protocol):
    """The part of an embedder that training needs."""

    def embed(self, text: str) -> Vector:
        """Text to a unit vector."""
        ...


class TaskTypeClassifier:
    """Multinomial logistic regression: ``p(t | x) = softmax(W x + b)_t``.

    Args:
        types: the task types, in the order of the rows.
        weights: shape (types, dimensions).
        bias: shape (types,).
    """

    def __init__(self, types: Sequence[TaskType], weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        self.types: Final = tuple(types)
        self._weights = weights
        self._bias = bias
        facts = "\n".join(self.types).encode() + weights.tobytes() + bias.tobytes()
        self.version: Final = f"types-{hashlib.sha256(facts).hexdigest()[:12]}"

    def mixture(self, vector: Vector) -> Mixture:
        """The probability of every task type, from a vector of shape (dimensions,)."""
        logits = (self._weights @ vector + self._bias).astype(np.float64)
        powers = np.exp(logits - logits.max())
        return dict(zip(self.types, (powers / powers.sum()).tolist(), strict=True))

    def to_dict(self) -> dict[str, Any]:
        """JSON-compatible values."""
        return {
            "format": _FORMAT,
            "types": list(self.types),
            "weights": self._weights.tolist(),
            "bias": self._bias.tolist(),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The classifier that ``to_dict`` wrote, of the same version; raises KeyError when something is missing."""
        weights, bias = (np.array(document[name], dtype=np.float32) for name in ("weights", "bias"))
        return cls(document["types"], weights, bias)


def train_classifier(
    embedder: Embeds, examples: Iterable[tuple[str, TaskType]], *, decay: float = 1e-4, steps: int = 300
) -> TaskTypeClassifier | None:
    """Fit on labelled queries; None where there are no examples. Deterministic.

    Minimises ``mean cross-entropy + decay / 2 |W|^2`` by Nesterov's accelerated gradient, all examples at once, from
    zero. The step is the inverse of a bound on the curvature: ``1 / (1 + decay)`` for unit vectors and a bias.

    Args:
        embedder: must be the one that queries are read with.
        examples: (text, task type).
        decay: strength of the penalty, at least 0.
        steps: gradient steps, each of O(examples x dimensions x types).
    """
    pairs = list(examples)
    if not pairs:
        return None
    types = sorted({task_type for _, task_type in pairs})
    rows = {task_type: row for row, task_type in enumerate(types)}
    vectors = np.stack([embedder.embed(text) for text, _ in pairs]).astype(np.float64)
    inputs = np.hstack((vectors, np.ones((len(pairs), 1))))
    labels = np.eye(len(types))[[rows[task_type] for _, task_type in pairs]]
    found = _descend(inputs, labels, decay, steps)
    return TaskTypeClassifier(types, found[:, :-1].astype(np.float32), found[:, -1].astype(np.float32))


def _descend(inputs: NDArray[np.float64], labels: NDArray[np.float64], decay: float, steps: int) -> NDArray[np.float64]:
    penalty = np.full(inputs.shape[1], decay)
    penalty[-1] = 0.0
    found = ahead = np.zeros((labels.shape[1], inputs.shape[1]))
    for step in range(steps):
        logits = inputs @ ahead.T
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        surplus = powers / powers.sum(axis=1, keepdims=True) - labels
        lower = ahead - (surplus.T @ inputs / len(inputs) + penalty * ahead) / (1.0 + decay)
        ahead = lower + step / (step + 3.0) * (lower - found)
        found = lower
    return found
