"""A trained policy as one safetensors file: the network, the spec of its observations, what makes its query vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from numpy.typing import NDArray

from stigmergy.routers.artifact_file import Origin, read_artifact, unreadable, write_artifact
from stigmergy.routers.artifact_forms import tensors
from stigmergy.routers.estimators.views import LatentSemantics
from stigmergy.routers.learned_policy.network import PolicyNetwork, network_of
from stigmergy.routers.observation import ObservationSpec
from stigmergy.routers.query_features import HashedNgrams

KIND: Final = "policy"
_FORMAT: Final = 2
OutputKind: TypeAlias = Literal["logits", "values"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedPolicy:
    """What a learner made.

    Attributes:
        spec: of the observations; the mask lies in them.
        network: takes observations and gives ``outputs``.
        outputs: ``logits`` of a softmax policy, or the ``values`` of actions in units of reward.
        semantics: makes the query vectors that the spec names as features.
        learner: its name, for people.
        reward: what it was trained to earn, as JSON-compatible values: weights, and the frozen scale of costs.
        metrics: figures of the training, for people.
        origin: what it was made of.
        version: changes with every bit of the file; empty for one that was not written.
    """

    spec: ObservationSpec
    network: PolicyNetwork
    outputs: OutputKind
    semantics: LatentSemantics
    learner: str
    reward: Mapping[str, Any]
    origin: Origin
    metrics: Mapping[str, float] = field(default_factory=dict)
    version: str = ""

    def describe(self) -> Mapping[str, Any]:
        """What it contains, as JSON-compatible values."""
        return {
            "kind": KIND,
            "version": self.version,
            "learner": self.learner,
            "outputs": self.outputs,
            "observation": self.spec.version,
            "graph": self.spec.graph,
            "actions": list(self.spec.actions),
            "features": self.spec.features,
            "layers": [list(layer.weight.shape) for layer in self.network.layers],
            "reward": dict(self.reward),
            "metrics": dict(self.metrics),
            **self.origin.to_dict(),
        }


def save_policy(path: Path, policy: LearnedPolicy) -> LearnedPolicy:
    """Write a policy; equal ones give equal files. Returns it with its version.

    The spec of the observations lies in the metadata of the file (``header``, JSON), beside what else is no tensor.
    """
    arrays: dict[str, NDArray[Any]] = {
        "rarity": policy.semantics.rarity,
        "directions": policy.semantics.directions,
    }
    for place, layer in enumerate(policy.network.layers):
        arrays |= {f"weight{place}": layer.weight, f"bias{place}": layer.bias}
    header = {
        "spec": policy.spec.to_json(),
        "layers": len(policy.network.layers),
        "outputs": policy.outputs,
        "bits": policy.semantics.embedder.bits,
        "learner": policy.learner,
        "reward": dict(policy.reward),
        "metrics": dict(policy.metrics),
        "origin": policy.origin.to_dict(),
    }
    return replace(policy, version=write_artifact(path, KIND, _FORMAT, header, arrays, tensors))


def load_policy(path: Path) -> LearnedPolicy:
    """Read what ``save_policy`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
        UnfitPolicy: its observations are of another release.
    """
    opened = read_artifact(path, KIND, _FORMAT)
    header, arrays = opened.header, opened.arrays
    try:
        places = range(header["layers"])
        found = LearnedPolicy(
            spec=ObservationSpec.from_json(header["spec"]),
            network=network_of([arrays[f"weight{n}"] for n in places], [arrays[f"bias{n}"] for n in places]),
            outputs=header["outputs"],
            semantics=LatentSemantics(HashedNgrams(header["bits"]), arrays["rarity"], arrays["directions"]),
            learner=header["learner"],
            reward=header["reward"],
            origin=Origin(**header["origin"]),
            metrics=header["metrics"],
            version=opened.version,
        )
        _check(found)
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None
    return found


def _check(policy: LearnedPolicy) -> None:
    if policy.outputs not in get_args(OutputKind):
        raise ValueError(f"outputs are {policy.outputs!r}")
    if policy.semantics.version != policy.spec.features:
        raise ValueError(f"its query vectors are {policy.semantics.version}, its spec names {policy.spec.features}")
    if not policy.network.fits(policy.spec.size, len(policy.spec.actions)):
        raise ValueError("its layers do not lead from the observations of its spec to the actions")
