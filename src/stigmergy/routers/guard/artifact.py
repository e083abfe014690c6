"""A guard as one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from stigmergy.domain import AgentId
from stigmergy.routers.artifact_file import Origin, read_artifact, unreadable, write_artifact
from stigmergy.routers.artifact_forms import Arrays
from stigmergy.routers.guard.calibration import Calibration
from stigmergy.routers.guard.config import GuardConfig
from stigmergy.routers.guard.guard import Guard
from stigmergy.routers.guard.labels import LabelModel
from stigmergy.routers.guard.neighbours import Neighbours
from stigmergy.routers.guard.terms import Vocabulary
from stigmergy.routers.trained import Trained

KIND: Final = "guard"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Artifact:
    """A guard with its origin. ``version`` changes with every bit of either."""

    guard: Guard
    origin: Origin
    version: str

    def describe(self) -> Mapping[str, Any]:
        """What it contains, as JSON-compatible values."""
        guard = self.guard
        return {
            "kind": KIND,
            "version": self.version,
            "agents": list(guard.labels.agents),
            "labels": len(guard.labels.bias),
            "terms": len(guard.vocabulary),
            "known_texts": 0 if guard.neighbours is None else guard.neighbours.count,
            "threshold": guard.threshold,
            "calibration": guard.calibration.to_dict(),
            **self.origin.to_dict(),
        }


def save_guard(path: Path, guard: Guard, origin: Origin) -> Artifact:
    """Write a guard; equal guards of equal origin give equal files."""
    version = write_artifact(path, KIND, _FORMAT, _header(guard, origin), _arrays(guard))
    return Artifact(guard, origin, version)


def load_guard(path: Path) -> Artifact:
    """Read what ``save_guard`` wrote.

    Raises:
        InvalidArtifact: it is no guard of this format, or was changed.
    """
    opened = read_artifact(path, KIND, _FORMAT)
    try:
        return Artifact(_guard(opened.header, opened.arrays), Origin(**opened.header["origin"]), opened.version)
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def configured_guard(config: GuardConfig) -> Trained[Guard]:
    """The guard that a graph's configuration names; raises InvalidArtifact."""
    found = load_guard(config.artifact)
    guard = found.guard if config.threshold is None else replace(found.guard, threshold=config.threshold)
    return Trained(guard, found.version, tuple(guard.labels.agents))


def _header(guard: Guard, origin: Origin) -> dict[str, Any]:
    known = guard.neighbours
    return {
        "agents": list(guard.labels.agents),
        "neighbours": None if known is None else {"count": known.count, "nearest": known.nearest},
        "calibration": guard.calibration.to_dict(),
        "threshold": guard.threshold,
        "origin": origin.to_dict(),
    }


def _arrays(guard: Guard) -> Arrays:
    labels, known = guard.labels, guard.neighbours
    arrays: dict[str, NDArray[Any]] = {
        "hashes": guard.vocabulary.hashes,
        "rarity": guard.vocabulary.rarity,
        "owners": labels.owners,
        "weights": labels.weights,
        "bias": labels.bias,
    }
    if known is None:
        return arrays
    return {**arrays, "starts": known.starts, "texts": known.texts, "likeness": known.weights}


def _guard(header: Mapping[str, Any], arrays: Arrays) -> Guard:
    agents = [AgentId(agent) for agent in header["agents"]]
    known = header["neighbours"]
    return Guard(
        vocabulary=Vocabulary(arrays["hashes"], arrays["rarity"]),
        labels=LabelModel(agents, arrays["owners"], arrays["weights"], arrays["bias"]),
        neighbours=None
        if known is None
        else Neighbours(arrays["starts"], arrays["texts"], arrays["likeness"], **known),
        calibration=Calibration.from_dict(header["calibration"]),
        threshold=header["threshold"],
    )
