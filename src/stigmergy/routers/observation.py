"""What a budget-aware routing policy sees of one decision, as a vector; the same in training and in serving.

Money is whole nano-dollars here, as it is stored: sums are exact, and a ratio of two such amounts is the very same
float when every price and budget is multiplied by the same number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import NodeId, TaskType
from stigmergy.errors import UnfitPolicy

Floats: TypeAlias = NDArray[np.float32]
Money: TypeAlias = NDArray[np.int64]
"""Whole nano-dollars."""
Places: TypeAlias = NDArray[np.int64]
Truths: TypeAlias = NDArray[np.bool_]

FORM: Final = 1
NO_LIMIT: Final = -1
"""The budget of an episode without one."""
_PER_ACTION: Final = 4
_OF_BUDGET: Final = 4
_LOWEST, _HIGHEST = -1.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situations:
    """B decisions as they stand, over A actions and T task types, in the order of their spec.

    ``position`` is 0 for START and ``1 + action`` elsewhere. ``feasible`` is the mask. ``healthy``: the action leads on
    from here and its agent is not known to be down. ``worst_case`` is what the action's call may cost at most and
    ``cost_to_go`` the least worst case of any completion after it; neither is looked at where ``feasible`` is False.
    ``spent`` counts from the start of the episode; ``budget`` is ``NO_LIMIT`` where there is none. ``committed`` steps
    are those that succeeded and were kept.
    """

    features: Floats
    mixture: Floats
    position: Places
    feasible: Truths
    healthy: Truths
    worst_case: Money
    cost_to_go: Money
    spent: Money
    budget: Money
    committed: Places

    def __len__(self) -> int:
        return len(self.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationSpec:
    """How situations become vectors. An exported policy carries it; serving holds it against graph and features.

    Attributes:
        graph: version of the graph, or of the log that stands for one.
        features: version of what made the query vectors, of ``feature_size`` dimensions.
        tasks: the T task types of a mixture; the weight of any other type is dropped.
        actions: the A nodes that can be chosen, GOAL among them where an episode may stop by choice.
        low: least worst case of a whole route, in nano-dollars; ``high``: the greatest.
        most_hops: committed steps are counted in units of it.
    """

    graph: str
    features: str
    feature_size: int
    tasks: tuple[TaskType, ...]
    actions: tuple[NodeId, ...]
    low: int
    high: int
    most_hops: int
    form: int = FORM

    @property
    def blocks(self) -> Mapping[str, slice]:
        """Where each part of an observation lies.

        ``features, mixture, position`` (one-hot, START first), ``feasible, healthy, price, route_price`` (one number
        per action each) and ``budget`` (left, spent, unlimited, committed).
        """
        actions = len(self.actions)
        per_action = dict.fromkeys(("feasible", "healthy", "price", "route_price"), actions)
        sizes = {"features": self.feature_size, "mixture": len(self.tasks), "position": 1 + actions}
        ends, end = {}, 0
        for name, size in (sizes | per_action | {"budget": _OF_BUDGET}).items():
            ends[name] = slice(end, end + size)
            end += size
        return ends

    @property
    def size(self) -> int:
        """Length of an observation."""
        return self.feature_size + len(self.tasks) + 1 + (1 + _PER_ACTION) * len(self.actions) + _OF_BUDGET

    @property
    def mask(self) -> slice:
        """Where the action mask lies in an observation: 1.0 for what is feasible."""
        return self.blocks["feasible"]

    @property
    def version(self) -> str:
        """Changes with every bit of the spec."""
        return f"observation-{hashlib.sha256(self.to_json().encode()).hexdigest()[:12]}"

    def to_json(self) -> str:
        """The spec as JSON text; ``from_json`` reads it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ObservationSpec:
        """Read what ``to_json`` wrote.

        Raises:
            UnfitPolicy: it is no spec, or one of a form that this release does not know.
        """
        try:
            told = json.loads(text)
            spec = cls(**{**told, "tasks": tuple(told["tasks"]), "actions": tuple(told["actions"])})
        except (ValueError, KeyError, TypeError) as error:
            raise UnfitPolicy("its observation spec", f"it cannot be read ({error})") from None
        if spec.form != FORM:
            raise UnfitPolicy("form", f"the policy has form {spec.form}; this release reads form {FORM}")
        return spec

    def check(self, graph: str, actions: Sequence[NodeId], features: str) -> None:
        """Refuse to decide on another graph, over other nodes, or on other query vectors than those learnt on.

        Raises:
            UnfitPolicy: names what differs, with both values.
        """
        if sorted(actions) != sorted(self.actions):
            raise UnfitPolicy("nodes", f"the policy chooses among {self.actions}; the graph has {tuple(actions)}")
        if graph != self.graph:
            raise UnfitPolicy("graph", f"the policy was trained on version {self.graph}; this is {graph}")
        if features != self.features:
            raise UnfitPolicy("features", f"the policy was trained on {self.features}; these are {features}")


def feasible_within(open_: Truths, worst_case: Money, cost_to_go: Money, spent: Money, budget: Money) -> Truths:
    """The exact mask: ``open and spent + worst_case + cost_to_go <= budget``, shape (B, A)."""
    fits = spent[:, None] + worst_case + cost_to_go <= budget[:, None]
    return np.asarray(open_ & (fits | (budget == NO_LIMIT)[:, None]), dtype=bool)


def level(spec: ObservationSpec, money: Money) -> Floats:
    """``log(x / low) / log(high / low)``, clipped to [-1, 2]: 0 for the cheapest route, 1 for the dearest.

    Logarithmic because prices of agents, and with them budgets, differ by factors.
    """
    low, high = max(spec.low, 1), max(spec.high, 2 * max(spec.low, 1))
    ratio = np.maximum(money, 0) / low
    with np.errstate(divide="ignore"):
        levels = np.log(ratio) / np.log(high / low)
    return np.asarray(np.clip(levels, _LOWEST, _HIGHEST), dtype=np.float32)


def encode(spec: ObservationSpec, situations: Situations) -> Floats:
    """The observations, shape (B, ``spec.size``)."""
    seen, blocks = situations, spec.blocks
    made = np.zeros((len(seen), spec.size), dtype=np.float32)
    made[:, blocks["features"]] = seen.features
    made[:, blocks["mixture"]] = seen.mixture
    made[np.arange(len(seen)), blocks["position"].start + seen.position] = 1.0
    made[:, blocks["feasible"]] = seen.feasible
    made[:, blocks["healthy"]] = seen.healthy
    made[:, blocks["price"]] = np.where(seen.feasible, level(spec, seen.worst_case), 0.0)
    made[:, blocks["route_price"]] = np.where(seen.feasible, level(spec, seen.worst_case + seen.cost_to_go), 0.0)
    made[:, blocks["budget"]] = _budget(spec, seen)
    return made


def _budget(spec: ObservationSpec, seen: Situations) -> Floats:
    unlimited = seen.budget == NO_LIMIT
    left = np.where(unlimited, _HIGHEST, level(spec, seen.budget - seen.spent))
    columns = (left, level(spec, seen.spent), unlimited, seen.committed / max(spec.most_hops, 1))
    return np.stack(columns, axis=1).astype(np.float32)
