"""Queries with their right agent, read from Parquet and refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.evaluation.columns import read_table, refuse_where, sha256_of, text_column

if TYPE_CHECKING:
    import pyarrow as pa

_NEEDED: Final = ("suite", "split", "query", "gold_agent")
_OPTIONAL: Final = {"intent": "gold_agent", "kind": "suite"}
REJECT: Final = "reject"
"""``gold_agent`` of queries that no agent is for."""

Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """Rows as columns of one length. ``label`` is as fine as the log has it: an intent, or else the agent."""

    query: Texts
    agent: Texts
    label: Texts
    kind: Texts

    def __len__(self) -> int:
        return len(self.query)

    @property
    def strange(self) -> NDArray[np.bool_]:
        """Which queries no agent is for."""
        return np.asarray(self.agent == REJECT, dtype=np.bool_)

    def take(self, rows: NDArray[np.bool_]) -> Queries:
        """Some of the rows."""
        return Queries(query=self.query[rows], agent=self.agent[rows], label=self.label[rows], kind=self.kind[rows])


@dataclass(frozen=True, slots=True)
class GuardLog:
    """Suites of queries, each with its splits; ``files`` are paths with their sha256."""

    suites: Mapping[str, Mapping[str, Queries]]
    files: Mapping[str, str]

    def suite(self, name: str) -> Mapping[str, Queries]:
        """The splits of one suite that can be trained on.

        Raises:
            InvalidLog: there is no such suite, or it has no train or no val rows.
        """
        path = ", ".join(self.files)
        if name not in self.suites:
            raise InvalidLog(path, f"it has no suite {name!r}; it has {', '.join(self.suites)}")
        missing = [split for split in ("train", "val") if split not in self.suites[name]]
        if missing:
            raise InvalidLog(path, f"its suite {name!r} has no rows of the splits {', '.join(missing)}")
        return self.suites[name]

    def trainable(self) -> tuple[str, ...]:
        """The suites that have all three splits."""
        return tuple(name for name, splits in self.suites.items() if {"train", "val", "test"} <= splits.keys())


def read_guard_log(path: Path) -> GuardLog:
    """Read a file with the columns suite, split, query and gold_agent; intent and kind may be there.

    Raises:
        InvalidLog: says which value cannot be used.
    """
    table = read_table(path)
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        raise InvalidLog(str(path), f"it lacks the columns {', '.join(missing)}; it has {table.column_names}")
    if not table.num_rows:
        raise InvalidLog(str(path), "it has no rows")
    columns = _columns(str(path), table)
    queries = Queries(
        query=columns["query"], agent=columns["gold_agent"], label=columns["intent"], kind=columns["kind"]
    )
    suite, split = columns["suite"], columns["split"]
    suites = {
        name: {part: queries.take((suite == name) & (split == part)) for part in sorted(set(split[suite == name]))}
        for name in sorted(set(suite))
    }
    return GuardLog(suites, {str(path): sha256_of(path)})


def _columns(path: str, table: pa.Table) -> Mapping[str, Texts]:
    found = {name: text_column(path, table, name) for name in _NEEDED}
    for name, stand_in in _OPTIONAL.items():
        found[name] = text_column(path, table, name) if name in table.column_names else found[stand_in]
    for name in ("query", "gold_agent"):
        blank = np.array([not text.strip() for text in found[name]])
        refuse_where(path, name, found[name], blank, "it must not be empty")
    return found
