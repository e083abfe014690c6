"""What is served: the workbench with a colony that explores while it learns, and what that colony knows."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from stigmergy.cli.demo.stage import GRAPH, free_port
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.settings import Settings, load_settings
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.routers.configs import AntColonyConfig, EpsilonConfig, GreedyConfig

SERVED: Final = "served"
"""The router whose place policies take: the colony, which explores."""
LEARNT: Final = "learnt"
"""The same colony's knowledge without exploring, to compare with."""
EXPLORES: Final = 0.3
"""How often a hop of the configured router is drawn blindly, while it learns."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Settings to serve, and the folder of everything."""

    settings: Settings
    folder: Path

    @property
    def graph(self) -> AgentGraph:
        """The graph that all tasks are for."""
        return self.settings.build_graphs()[GRAPH]


def set_stage(folder: Path) -> Stage:
    """The workbench's settings with a colony of this demo, everything in ``folder`` and on a free port."""
    settings = load_settings(WORKBENCH, os.environ)
    colony = settings.routers["ant_colony"]
    if not isinstance(colony, AntColonyConfig):
        raise TypeError(f"the workbench's ant_colony is configured as {colony.kind}")
    own = replace(colony, colony="train-demo")
    routers = {
        SERVED: replace(own, selection=EpsilonConfig(epsilon=EXPLORES)),
        LEARNT: replace(own, selection=GreedyConfig()),
    }
    return Stage(
        replace(
            settings,
            routers={**settings.routers, **routers},
            serving=replace(settings.serving, port=free_port()),
            store=replace(settings.store, url=f"sqlite:///{folder / 'train-demo.db'}"),
        ),
        folder,
    )
