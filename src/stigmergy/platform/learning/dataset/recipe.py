"""What turns logged episodes into transitions: fixed by a dataset's first run, kept by every later one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from stigmergy.domain import NodeId, TaskType, to_nano
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.learning.rl.rewards import CostScale, RewardTerms
from stigmergy.routers.artifact_file import read_artifact, unreadable, write_artifact
from stigmergy.routers.artifact_forms import Arrays
from stigmergy.routers.estimators.views import LatentSemantics, learn_semantics
from stigmergy.routers.observation import ObservationSpec
from stigmergy.routers.price_range import price_range
from stigmergy.routers.query_features import HashedNgrams
from stigmergy.routers.situation import actions_of

KIND: Final = "transitions_recipe"
BITS: Final = 10
RANK: Final = 64
_FORMAT: Final = 1


@dataclass(frozen=True)
class Recipe:
    """Observation spec, reward terms and the query vectors' origin; a policy that learns from the data carries it."""

    spec: ObservationSpec
    terms: RewardTerms
    semantics: LatentSemantics

    @cached_property
    def places(self) -> dict[NodeId, int]:
        """The number of every action."""
        return {node: place for place, node in enumerate(self.spec.actions)}


def graph_recipe(graph: AgentGraph, tasks: Sequence[TaskType], texts: Sequence[str], cost_weight: float) -> Recipe:
    """The recipe for episodes on a graph.

    What the boundary policies cost is not known from a log that lacks most outcomes; the worst cases of the cheapest
    and of the dearest route stand for it, for all task types alike.

    Args:
        graph: whose nodes are chosen among.
        tasks: the task types that mixtures are told in.
        texts: queries that vectors are learnt from, none of the test split; at least one.
        cost_weight: quality that the difference between the boundaries is worth.
    """
    prices = price_range(graph)
    low, high = (int(share * to_nano(prices.unit_usd)) for share in (prices.cheapest, prices.dearest))
    semantics = learn_semantics(texts, bits=BITS, rank=RANK)
    spec = ObservationSpec(
        graph=graph.version,
        features=semantics.version,
        feature_size=semantics.directions.shape[1],
        tasks=tuple(sorted(tasks)),
        actions=actions_of(graph),
        low=low,
        high=high,
        most_hops=len(graph.nodes),
    )
    ones = np.ones(len(spec.tasks), dtype=np.int64)
    return Recipe(spec, RewardTerms(scale=CostScale(low * ones, high * ones), cost_weight=cost_weight), semantics)


def save_recipe(path: Path, recipe: Recipe) -> str:
    """Write the recipe; returns its version."""
    terms, semantics = recipe.terms, recipe.semantics
    header = {
        "spec": recipe.spec.to_json(),
        "terms": {"cost_weight": terms.cost_weight, "gate": terms.gate, "failure_cost": terms.failure_cost},
        "bits": semantics.embedder.bits,
    }
    arrays: Arrays = {
        "rarity": semantics.rarity,
        "directions": semantics.directions,
        "small": terms.scale.small,
        "large": terms.scale.large,
    }
    return write_artifact(path, KIND, _FORMAT, header, arrays)


def load_recipe(path: Path) -> Recipe:
    """Read what ``save_recipe`` wrote.

    Raises:
        InvalidArtifact: it is no recipe, or was changed.
        UnfitPolicy: its observation spec is of another release.
    """
    opened = read_artifact(path, KIND, _FORMAT)
    header, arrays = opened.header, opened.arrays
    try:
        semantics = LatentSemantics(HashedNgrams(header["bits"]), arrays["rarity"], arrays["directions"])
        terms = RewardTerms(scale=CostScale(arrays["small"], arrays["large"]), **header["terms"])
        return Recipe(ObservationSpec.from_json(header["spec"]), terms, semantics)
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(path, error) from None
