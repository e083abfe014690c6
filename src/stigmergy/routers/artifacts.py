"""Artifacts of any kind: what they contain, and whether that is what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from stigmergy.errors import InvalidArtifact, MissingExtra
from stigmergy.routers.artifact_file import kind_of
from stigmergy.routers.estimators import artifact as arms
from stigmergy.routers.evidence import artifact as evidence
from stigmergy.routers.guard import artifact as guard
from stigmergy.routers.learned_policy import artifact as policy


class _Described(Protocol):
    def describe(self) -> Mapping[str, Any]: ...


_LOADERS: Final[Mapping[str, Callable[[Path], _Described]]] = {
    arms.KIND: arms.load_arms,
    evidence.KIND: evidence.load_artifact,
    guard.KIND: guard.load_guard,
    policy.KIND: policy.load_policy,
}


def describe_artifact(path: Path) -> Mapping[str, Any]:
    """What an artifact contains, as JSON-compatible values; a folder is one of a GNN.

    Raises:
        InvalidArtifact: it is of no known kind, damaged, or not what was written: its version seals every bit of it.
        MissingExtra: the packages for this kind are not installed.
    """
    if path.is_dir():
        return _gnn(path)
    kind = kind_of(path)
    if kind not in _LOADERS:
        raise InvalidArtifact(str(path), f"it is of kind {kind!r}; known: {', '.join(sorted(_LOADERS))}")
    return _LOADERS[kind](path).describe()


def _gnn(folder: Path) -> Mapping[str, Any]:
    # torch is loaded only where there is such an artifact.
    try:
        from stigmergy.routers.gnn.checkpoint import load_gnn
    except ModuleNotFoundError as error:
        raise MissingExtra((error.name or "torch").partition(".")[0], "gnn") from None
    found = load_gnn(folder)
    return {**found.describe(), "version": found.version}
