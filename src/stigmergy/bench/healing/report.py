"""The whole healing bench: run, and put into one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from stigmergy.bench.healing.comparison import OURS, SYSTEMS, Judged, Row, compare, row_of
from stigmergy.bench.healing.exhaustive import Exhaustive, LostReplies, run_exhaustive, run_lost_replies
from stigmergy.bench.healing.scenarios import Mode, load_scenarios
from stigmergy.bench.healing.topology import NAMES, load_topology


@dataclass(frozen=True, slots=True, kw_only=True)
class HealingReport:
    """What the bench found. ``systems``: by system and mode."""

    judged: tuple[Judged, ...]
    systems: Mapping[str, Mapping[Mode, Row]]
    exhaustive: Exhaustive
    lost_replies: LostReplies

    @property
    def kept(self) -> bool:
        """Whether every outcome of ours was right, every set of failures accounted for, and nothing done twice."""
        ours = [each.outcome for each in self.judged if each.system == OURS]
        sets, lost = self.exhaustive, self.lost_replies
        return (
            all(outcome.right and not outcome.duplicates for outcome in ours)
            and (sets.completed, sets.explained) == (sets.feasible, sets.infeasible)
            and lost.completed == lost.mendable
            and not any((sets.silent, sets.duplicates, lost.silent, lost.duplicates))
        )

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "scenarios": len(self.judged) // (len(SYSTEMS) * len(Mode)),
            "systems": {
                name: {str(mode): asdict(row) for mode, row in rows.items()} for name, rows in self.systems.items()
            },
            "exhaustive": {**asdict(self.exhaustive), "lost_replies": asdict(self.lost_replies)},
            "wrong": [
                {
                    "system": each.system,
                    "mode": str(each.mode),
                    "scenario": f"{each.scenario.topology}: {each.scenario.name}",
                    "right": str(each.scenario.right),
                    "told": None if each.outcome.status is None else str(each.outcome.status),
                    "silent": each.outcome.silent,
                    "reason": each.outcome.reason,
                }
                for each in self.judged
                if not each.outcome.right
            ],
        }


async def run_healing() -> HealingReport:
    """Run everything: the scenarios through the three systems, and every set of failures through ours."""
    topologies = {name: load_topology(name) for name in NAMES}
    judged = await compare(topologies, load_scenarios())
    return HealingReport(
        judged=judged,
        systems={name: {mode: _row(judged, name, mode) for mode in Mode} for name in SYSTEMS},
        exhaustive=await run_exhaustive(topologies),
        lost_replies=await run_lost_replies(topologies),
    )


def _row(judged: tuple[Judged, ...], system: str, mode: Mode) -> Row:
    return row_of([each.outcome for each in judged if (each.system, each.mode) == (system, mode)])
