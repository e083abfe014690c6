"""What a bandit has learnt, as a file: its sums, and all that gives them their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.artifact_file import Origin, read_artifact, unreadable, write_artifact
from stigmergy.routers.bandit.context import ContextShape
from stigmergy.routers.bandit.statistics import ArmSums, Statistics

KIND: Final = "bandit"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditArtifact:
    """Sums with what they are sums of.

    Attributes:
        shape: of the contexts.
        features: version of the embedder that the query features came from.
        cost_weight: within the rewards.
        span_usd: the unit of cost within the rewards, above 0.
        seen: the sums of every arm.
        origin: what it was made of.
        version: changes with every bit of the file; empty before it was saved.
    """

    shape: ContextShape
    features: str
    cost_weight: float
    span_usd: float
    seen: Statistics
    origin: Origin
    version: str = ""

    def describe(self) -> Mapping[str, Any]:
        """What it contains, as JSON-compatible values."""
        return {
            "kind": KIND,
            "version": self.version,
            "arms": {arm: sums.seen for arm, sums in self.seen.items()},
            "features": self.features,
            "context": asdict(self.shape),
            "cost_weight": self.cost_weight,
            "span_usd": self.span_usd,
            **self.origin.to_dict(),
        }


def check_features(artifact: BanditArtifact | None, version: str) -> None:
    """Raises InvalidArtifact where queries are read by another embedder (``version`` up to its slash)."""
    if artifact is not None and version.partition("/")[0] != artifact.features:
        why = f"it was trained on query features {artifact.features}, and is given {version}"
        raise InvalidArtifact(artifact.version, why)


def save_bandit(path: Path, artifact: BanditArtifact) -> str:
    """Write it; equal artifacts give equal files. Returns the version."""
    header = {
        "arms": list(artifact.seen),
        "context": asdict(artifact.shape),
        "features": artifact.features,
        "cost_weight": artifact.cost_weight,
        "span_usd": artifact.span_usd,
        "origin": artifact.origin.to_dict(),
    }
    arrays = {
        "moments": np.array([sums.moments for sums in artifact.seen.values()]),
        "rewarded": np.array([sums.rewarded for sums in artifact.seen.values()]),
        "seen": np.array([sums.seen for sums in artifact.seen.values()]),
    }
    return write_artifact(path, KIND, _FORMAT, header, arrays)


def load_bandit(path: Path) -> BanditArtifact:
    """Read what ``save_bandit`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    opened = read_artifact(path, KIND, _FORMAT)
    header, columns = opened.header, opened.arrays
    try:
        rows = zip(header["arms"], columns["moments"], columns["rewarded"], columns["seen"], strict=True)
        return BanditArtifact(
            shape=ContextShape(**header["context"]),
            features=header["features"],
            cost_weight=header["cost_weight"],
            span_usd=header["span_usd"],
            seen={arm: ArmSums(moments=s, rewarded=b, seen=float(n)) for arm, s, b, n in rows},
            origin=Origin(**header["origin"]),
            version=opened.version,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def load_for(path: Path, cost_weight: float) -> BanditArtifact:
    """As ``load_bandit``, to be served with a ``cost_weight``.

    Raises:
        InvalidArtifact: also if its rewards hold another one.
    """
    found = load_bandit(path)
    if found.cost_weight != cost_weight:
        why = f"it was trained with cost_weight {found.cost_weight:g}, and is to serve with {cost_weight:g}"
        raise InvalidArtifact(str(path), why)
    return found
