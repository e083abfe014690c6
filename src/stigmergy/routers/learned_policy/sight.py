"""What a policy sees of a query: its text as a vector, or the success that is expected of every action."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import Mixture, NodeId
from stigmergy.routers.base import Vector
from stigmergy.routers.estimators.artifact import ArmModel, freeze_model, thaw_model
from stigmergy.routers.estimators.views import LatentSemantics
from stigmergy.routers.observation import Floats, Truths
from stigmergy.routers.prospects import prospects
from stigmergy.routers.query_features import HashedNgrams


class Sight(Protocol):
    """From a query to the features of a decision about it."""

    def known(self, text: str, mixture: Mixture) -> Vector:
        """What takes time to find out, and is the same for every decision about a query."""
        ...

    def features(self, known: Vector, feasible: Truths) -> Floats:
        """The features of one decision, shape (1, D), where ``feasible`` (1, A) may be chosen."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """Sees the text alone. Implements ``Sight``."""

    semantics: LatentSemantics

    def known(self, text: str, mixture: Mixture) -> Vector:  # noqa: ARG002 - the mixture is a part of every observation
        """See ``Sight``."""
        return self.semantics.embed(text)

    def features(self, known: Vector, feasible: Truths) -> Floats:  # noqa: ARG002 - a text is the same everywhere
        """See ``Sight``."""
        return known[None]


@dataclass(frozen=True)
class Foresight:
    """Sees what an estimator expects of every action. Implements ``Sight``.

    Attributes:
        model: its arms are the actions that the policy chooses among.
        actions: in the order of the policy's spec.
    """

    model: ArmModel
    actions: tuple[NodeId, ...]

    @cached_property
    def version(self) -> str:
        """Changes with every bit of the model."""
        arrays: dict[str, NDArray[Any]] = {}
        told = json.dumps([self.actions, freeze_model(self.model, arrays)], sort_keys=True)
        digest = hashlib.sha256(told.encode())
        for name in sorted(arrays):
            digest.update(np.ascontiguousarray(arrays[name]).tobytes())
        return f"prospects-{self.model.name}-{digest.hexdigest()[:12]}"

    @cached_property
    def _order(self) -> list[int]:
        return [self.model.arms.index(action) for action in self.actions]

    def known(self, text: str, mixture: Mixture) -> Vector:
        """See ``Sight``: success that is expected of every action, for the likeliest task type."""
        found = self.model.predict(text, max(mixture, key=mixture.__getitem__))
        return np.asarray(found.quality[0, self._order], dtype=np.float32)

    def features(self, known: Vector, feasible: Truths) -> Floats:
        """See ``Sight``."""
        return prospects(known[None], feasible)


Seen: TypeAlias = LatentSemantics | Foresight
"""What makes the features of a policy, as its artifact carries it."""


def sight_of(seen: Seen) -> Sight:
    """The sight by it."""
    return seen if isinstance(seen, Foresight) else Reading(seen)


def freeze_sight(seen: Seen, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """What is seen as JSON-compatible values; its arrays go to ``arrays``. ``thaw_sight`` reads both."""
    if isinstance(seen, Foresight):
        return {"expected": freeze_model(seen.model, arrays)}
    arrays |= {"rarity": seen.rarity, "directions": seen.directions}
    return {"bits": seen.embedder.bits}


def thaw_sight(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], actions: tuple[NodeId, ...]) -> Seen:
    """What ``freeze_sight`` was given.

    Raises:
        KeyError, TypeError, ValueError: it is something else, or its arms are not the actions.
    """
    if "expected" not in header:
        return LatentSemantics(HashedNgrams(header["bits"]), arrays["rarity"], arrays["directions"])
    model = thaw_model(header["expected"], arrays)
    if sorted(model.arms) != sorted(actions):
        raise ValueError(f"its estimator knows {model.arms}, and the policy chooses among {actions}")
    return Foresight(model, actions)
