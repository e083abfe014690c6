"""An evidence policy as one file: arrays and a JSON header, no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stigmergy.routers.artifact_file import Origin, read_artifact, unreadable, write_artifact
from stigmergy.routers.artifact_forms import Arrays
from stigmergy.routers.evidence.batch import Floats
from stigmergy.routers.evidence.policy import EvidencePolicy, Scales

__all__ = ["KIND", "Artifact", "Origin", "load_artifact", "save_artifact"]

KIND: Final = "evidence"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Artifact:
    """A policy with its origin. ``version`` changes with every bit of either."""

    policy: EvidencePolicy
    origin: Origin
    version: str

    def describe(self) -> Mapping[str, Any]:
        """What it contains, as JSON-compatible values."""
        return {
            "kind": KIND,
            "version": self.version,
            "roster": list(self.policy.roster),
            "tasks": list(self.policy.tasks),
            "prices": self.policy.prices.tolist(),
            "sets_of_agents": len(self.policy.posteriors),
            **self.origin.to_dict(),
        }


def save_artifact(path: Path, policy: EvidencePolicy, origin: Origin) -> Artifact:
    """Write a policy; equal policies of equal origin give equal files."""
    version = write_artifact(path, KIND, _FORMAT, _header(policy, origin), _arrays(policy))
    return Artifact(policy, origin, version)


def load_artifact(path: Path) -> Artifact:
    """Read what ``save_artifact`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    opened = read_artifact(path, KIND, _FORMAT)
    try:
        return Artifact(_policy(opened.header, opened.arrays), Origin(**opened.header["origin"]), opened.version)
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def _header(policy: EvidencePolicy, origin: Origin) -> dict[str, Any]:
    scales = policy.scales
    return {
        "roster": list(policy.roster),
        "tasks": list(policy.tasks),
        "length_mean": scales.length_mean,
        "length_spread": scales.length_spread,
        "best_cost_usd": scales.best_cost_usd,
        "origin": origin.to_dict(),
    }


def _arrays(policy: EvidencePolicy) -> dict[str, Floats]:
    return {
        "prices": policy.prices,
        "effort_mean": policy.scales.effort_mean,
        "effort_spread": policy.scales.effort_spread,
        **{f"posterior.{asked}": weights for asked, weights in sorted(policy.posteriors.items())},
        **{f"advantage.{asked}.{place}": weights for (asked, place), weights in sorted(policy.advantages.items())},
    }


def _policy(header: Mapping[str, Any], arrays: Arrays) -> EvidencePolicy:
    split = {name: name.split(".") for name in arrays}
    return EvidencePolicy(
        roster=tuple(header["roster"]),
        tasks=tuple(header["tasks"]),
        scales=Scales(
            effort_mean=arrays["effort_mean"],
            effort_spread=arrays["effort_spread"],
            length_mean=header["length_mean"],
            length_spread=header["length_spread"],
            best_cost_usd=header["best_cost_usd"],
        ),
        prices=arrays["prices"],
        posteriors={int(parts[1]): arrays[name] for name, parts in split.items() if parts[0] == "posterior"},
        advantages={
            (int(parts[1]), int(parts[2])): arrays[name] for name, parts in split.items() if parts[0] == "advantage"
        },
    )
