"""The trails of a colony as one file: where a colony begins, instead of from nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from stigmergy.domain import TaskType
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import Edge, TrailDelta
from stigmergy.routers.artifact_file import Origin, read_artifact, unreadable, write_artifact
from stigmergy.routers.artifact_forms import Arrays

KIND: Final = "ant_colony"
_FORMAT: Final = 1
_Table = NDArray[np.float64]
_R = TypeVar("_R", bound=Any)
_C = TypeVar("_C", bound=Any)


@dataclass(frozen=True, slots=True)
class ColonyArtifact:
    """Trails with their origin. ``version`` changes with every bit of either, and is the origin of the trails."""

    trails: Trails
    origin: Origin
    version: str

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge with a trail, in alphabetical order."""
        return _edges(self.trails.total)

    def describe(self) -> Mapping[str, Any]:
        """What it contains, as JSON-compatible values."""
        total = self.trails.total
        return {
            "kind": KIND,
            "version": self.version,
            "episodes": total.episodes,
            "task_types": _types(total),
            "agents": sorted(total.trials),
            "edges": [f"{source} -> {target}" for source, target in self.edges],
            **self.origin.to_dict(),
        }


def save_trails(path: Path, trails: Trails, origin: Origin) -> ColonyArtifact:
    """Write trails; equal trails of equal origin give equal files."""
    total = trails.total
    types, edges, agents = _types(total), _edges(total), sorted(total.trials)
    written = total.to_dict()
    header = {
        "types": types,
        "edges": edges,
        "agents": agents,
        "episodes": total.episodes,
        "footprints": written["footprints"],
        "origin": origin.to_dict(),
    }
    arrays = {
        "log_tau": _dense(total.log_tau, types, edges),
        "tau": _dense(total.tau, types, edges),
        "successes": _dense(total.successes, agents, types),
        "trials": _dense(total.trials, agents, types),
        "utilities": _dense({"sum": total.utility_sum, "count": total.utility_count}, ("sum", "count"), types),
    }
    version = write_artifact(path, KIND, _FORMAT, header, arrays)
    return ColonyArtifact(Trails(total, trails.version, version), origin, version)


def load_trails(path: Path) -> ColonyArtifact:
    """Read what ``save_trails`` wrote.

    Raises:
        InvalidArtifact: it is no artifact of this kind and format, or was changed.
    """
    opened = read_artifact(path, KIND, _FORMAT)
    try:
        origin = Origin(**opened.header["origin"])
        return ColonyArtifact(Trails(_total(opened.header, opened.arrays), 0, opened.version), origin, opened.version)
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None


def _types(total: TrailDelta) -> list[TaskType]:
    return sorted({*total.log_tau, *total.tau, *total.utility_count}.union(*total.trials.values()))


def _edges(total: TrailDelta) -> tuple[Edge, ...]:
    return tuple(sorted({edge for table in (total.log_tau, total.tau) for row in table.values() for edge in row}))


def _total(header: Mapping[str, Any], arrays: Arrays) -> TrailDelta:
    types, agents = header["types"], header["agents"]
    edges = [(source, target) for source, target in header["edges"]]
    utilities = _sparse(arrays["utilities"], ("sum", "count"), types)
    footprints = TrailDelta.from_dict({**TrailDelta().to_dict(), "footprints": header["footprints"]}).footprints
    return TrailDelta(
        log_tau=_sparse(arrays["log_tau"], types, edges),
        tau=_sparse(arrays["tau"], types, edges),
        successes=_sparse(arrays["successes"], agents, types),
        trials=_sparse(arrays["trials"], agents, types),
        utility_sum=utilities.get("sum", {}),
        utility_count=utilities.get("count", {}),
        episodes=header["episodes"],
        footprints=footprints,
    )


def _dense(table: Mapping[_R, Mapping[_C, float]], rows: Iterable[_R], columns: Sequence[_C]) -> _Table:
    """Of shape (rows, columns); NaN where the table has no value."""
    found = [[table.get(row, {}).get(column, np.nan) for column in columns] for row in rows]
    return np.array(found, dtype=np.float64).reshape(len(found), len(columns))


def _sparse(values: NDArray[Any], rows: Sequence[_R], columns: Sequence[_C]) -> dict[_R, dict[_C, float]]:
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"a table of shape {values.shape} for {len(rows)} rows and {len(columns)} columns")
    found = {
        row: {column: value for column, value in zip(columns, line, strict=True) if not isnan(value)}
        for row, line in zip(rows, values.tolist(), strict=True)
    }
    return {row: line for row, line in found.items() if line}
