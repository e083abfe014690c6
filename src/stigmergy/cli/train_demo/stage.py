"""What is served and what is trained: the workbench with a colony that explores, and artifacts of its episodes."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from stigmergy.cli.demo.stage import GRAPH, free_port
from stigmergy.cli.stored import read_store
from stigmergy.domain import TaskType
from stigmergy.platform.learning.colony.stored_episodes import Lessons, lessons_of
from stigmergy.platform.learning.colony.training import train_colony
from stigmergy.platform.settings import Settings, load_settings
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.routers.colony_artifact import save_trails
from stigmergy.routers.configs import AntColonyConfig, EpsilonConfig

SERVED: Final = "served"
"""The router whose place policies take."""
EXPLORES: Final = 0.15
"""How often a hop of the configured router is drawn blindly, while it learns."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Settings to serve, and the folder of everything."""

    settings: Settings
    folder: Path

    def trained(self, types: Collection[TaskType] | None = None) -> bytes:
        """The artifact of a colony that has learnt from all stored episodes, or from those of some task types."""
        graph, config = self.settings.build_graphs()[GRAPH], self.settings.routers[SERVED]
        if not isinstance(config, AntColonyConfig):
            raise TypeError(f"{SERVED} is configured as {config.kind}")
        lessons = read_store(self.settings.store.url, lambda store: lessons_of(store, graph))
        if types is not None:
            lessons = _of_types(lessons, types)
        ticks = self.settings.coordination.tick_episodes
        found = train_colony(config, graph, lessons, ticks, self.settings.store.url)
        path = self.folder / "policy.npz"
        save_trails(path, found.trails, found.origin)
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


def _of_types(lessons: Lessons, types: Collection[TaskType]) -> Lessons:
    likeliest = (max(each.mixture, key=each.mixture.__getitem__) for each in lessons.outcomes)
    chosen = tuple(each for each, kind in zip(lessons.outcomes, likeliest, strict=True) if kind in types)
    return replace(lessons, outcomes=chosen)
