"""An evidence policy as one file: arrays and a JSON header, no pickle."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidArtifact
from stigmergy.routers.evidence.batch import Floats
from stigmergy.routers.evidence.policy import EvidencePolicy, Scales

KIND: Final = "evidence"
_FORMAT: Final = 1
_HEADER: Final = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an artifact was made of: sha256 of each data file, of the code, and the configuration of the training."""

    data: Mapping[str, str]
    code: str
    config: Mapping[str, Any]
    queries: int


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
            "queries": self.origin.queries,
            "data": dict(self.origin.data),
            "code": self.origin.code,
            "config": dict(self.origin.config),
        }


def save_artifact(path: Path, policy: EvidencePolicy, origin: Origin) -> Artifact:
    """Write a policy; equal policies of equal origin give equal files."""
    arrays = _arrays(policy)
    header = _header(policy, origin)
    version = _version(header, arrays)
    text = json.dumps({**header, "version": version}, sort_keys=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        stored: dict[str, NDArray[Any]] = {**arrays, _HEADER: np.frombuffer(text.encode(), dtype=np.uint8)}
        for name, array in stored.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            # The entry's date is fixed: otherwise two files of the same policy would differ.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue())
    return Artifact(policy, origin, version)


def load_artifact(path: Path) -> Artifact:
    """Read what ``save_artifact`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(arrays.pop(_HEADER).tobytes())
        if (header["kind"], header["format"]) != (KIND, _FORMAT):
            raise InvalidArtifact(str(path), f"it is {header['kind']} format {header['format']}, not {KIND} {_FORMAT}")
        version = header.pop("version")
        if version != _version(header, arrays):
            raise InvalidArtifact(str(path), f"its content does not match its version {version}")
        return Artifact(_policy(header, arrays), Origin(**header["origin"]), version)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidArtifact(str(path), f"it cannot be read ({type(error).__name__}: {error})") from None


def _header(policy: EvidencePolicy, origin: Origin) -> dict[str, Any]:
    scales = policy.scales
    return {
        "kind": KIND,
        "format": _FORMAT,
        "roster": list(policy.roster),
        "tasks": list(policy.tasks),
        "length_mean": scales.length_mean,
        "length_spread": scales.length_spread,
        "best_cost_usd": scales.best_cost_usd,
        "origin": {
            "data": dict(origin.data),
            "code": origin.code,
            "config": dict(origin.config),
            "queries": origin.queries,
        },
    }


def _arrays(policy: EvidencePolicy) -> dict[str, Floats]:
    return {
        "prices": policy.prices,
        "effort_mean": policy.scales.effort_mean,
        "effort_spread": policy.scales.effort_spread,
        **{f"posterior.{asked}": weights for asked, weights in sorted(policy.posteriors.items())},
        **{f"advantage.{asked}.{place}": weights for (asked, place), weights in sorted(policy.advantages.items())},
    }


def _policy(header: Mapping[str, Any], arrays: Mapping[str, Floats]) -> EvidencePolicy:
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


def _version(header: Mapping[str, Any], arrays: Mapping[str, Floats]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    return f"{KIND}-{digest.hexdigest()[:12]}"
