"""What is served and what is trained: the workbench with a colony that explores, and artifacts of its episodes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from stigmergy.cli.demo.stage import GRAPH, free_port
from stigmergy.cli.stored import read_store
from stigmergy.domain import TaskType
from stigmergy.graphs.pheromones import Trails
from stigmergy.graphs.trail_delta import TrailDelta
from stigmergy.platform.learning.colony.stored_episodes import lessons_of
from stigmergy.platform.learning.colony.training import train_colony
from stigmergy.platform.settings import Settings, load_settings
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.routers.artifact_file import Origin
from stigmergy.routers.colony_artifact import load_trails, save_trails
from stigmergy.routers.configs import AntColonyConfig, EpsilonConfig

T = TypeVar("T")

SERVED: Final = "served"
"""The router whose place policies take."""
EXPLORES: Final = 0.15
"""How often a hop of the configured router is drawn blindly, while it learns."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Settings to serve, and the folder of everything."""

    settings: Settings
    folder: Path

    def trained(self) -> bytes:
        """The artifact of a colony that has learnt from all stored episodes."""
        graph, config = self.settings.build_graphs()[GRAPH], self.settings.routers[SERVED]
        if not isinstance(config, AntColonyConfig):
            raise TypeError(f"{SERVED} is configured as {config.kind}")
        lessons = read_store(self.settings.store.url, lambda store: lessons_of(store, graph))
        ticks = self.settings.coordination.tick_episodes
        found = train_colony(config, graph, lessons, ticks, self.settings.store.url)
        return self._saved(found.trails, found.origin)

    def knowing(self, artifact: bytes, types: Collection[TaskType]) -> bytes:
        """An artifact of which only what was learnt about some task types is left."""
        path = self.folder / "whole.npz"
        path.write_bytes(artifact)
        found = load_trails(path)
        return self._saved(replace(found.trails, total=_about(found.trails.total, types)), found.origin)

    def _saved(self, trails: Trails, origin: Origin) -> bytes:
        path = self.folder / "policy.safetensors"
        save_trails(path, trails, origin)
        return path.read_bytes()

    def document(self, epsilon: float) -> Mapping[str, Any]:
        """The router as configured, but that it draws only so many hops blindly."""
        left_out = ("artifact", "colony", "abilities", "selection")
        plain = {name: value for name, value in asdict(self.settings.routers[SERVED]).items() if name not in left_out}
        return {**plain, "selection": {"kind": "epsilon", "epsilon": epsilon}}


def set_stage(folder: Path) -> Stage:
    """The workbench's settings with a colony of this demo, everything in ``folder`` and on a free port."""
    settings = load_settings(WORKBENCH, os.environ)
    colony = settings.routers["ant_colony"]
    if not isinstance(colony, AntColonyConfig):
        raise TypeError(f"the workbench's ant_colony is configured as {colony.kind}")
    explores = replace(colony, colony="train-demo", selection=EpsilonConfig(epsilon=EXPLORES))
    return Stage(
        replace(
            settings,
            routers={**settings.routers, SERVED: explores},
            serving=replace(settings.serving, port=free_port()),
            store=replace(settings.store, url=f"sqlite:///{folder / 'train-demo.db'}"),
        ),
        folder,
    )


def _about(total: TrailDelta, types: Collection[TaskType]) -> TrailDelta:
    def kept(table: Mapping[TaskType, T]) -> dict[TaskType, T]:
        return {name: value for name, value in table.items() if name in types}

    return replace(
        total,
        log_tau=kept(total.log_tau),
        tau=kept(total.tau),
        successes={agent: kept(row) for agent, row in total.successes.items()},
        trials={agent: kept(row) for agent, row in total.trials.items()},
        utility_sum=kept(total.utility_sum),
        utility_count=kept(total.utility_count),
        footprints={},
    )
