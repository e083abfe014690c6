"""What the demo serves: the workbench with one colony per seed, a fixed best path, and an agent that can be drilled."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from stigmergy.agents.configs import DrillConfig
from stigmergy.platform.settings import Settings, load_settings
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.routers.configs import AntColonyConfig, FixedPathConfig, GreedyConfig

GRAPH = "workbench"


@dataclass(frozen=True, slots=True)
class Stage:
    """Settings to serve; every agent refuses while a file of its own is in ``folder``."""

    settings: Settings
    folder: Path

    def refusal(self, agent: str) -> Path:
        """The file whose presence makes an agent refuse."""
        return self.folder / f"refuse-{agent}"

    def to_kill(self, visits: Counter[str]) -> str:
        """The agent with a deployment of its own that is visited most."""
        return self._busiest(visits, lambda agent: self.settings.agents[agent].runs == "deployment")

    def to_drill(self, visits: Counter[str]) -> str:
        """The solver inside the gateway that is visited most."""
        solvers = self.settings.graphs[GRAPH].stages[1]
        return self._busiest(
            visits, lambda agent: agent in solvers and self.settings.agents[agent].runs != "deployment"
        )

    def _busiest(self, visits: Counter[str], fits: Callable[[str], bool]) -> str:
        return max(filter(fits, self.settings.agents), key=lambda agent: visits[agent])


def learning_router(seed: int) -> str:
    """The router that learns in a seed's colony: it explores."""
    return f"ant_colony_{seed}"


def learnt_router(seed: int) -> str:
    """The router that uses what the seed's colony knows."""
    return f"ant_colony_{seed}_greedy"


def set_stage(folder: Path, seeds: int, best_path: tuple[str, ...]) -> Stage:
    """The workbench's settings with everything of this demo in ``folder`` and on a free port."""
    settings = load_settings(WORKBENCH, os.environ)
    colony = settings.routers["ant_colony"]
    if not isinstance(colony, AntColonyConfig):
        raise TypeError(f"the workbench's ant_colony is configured as {colony.kind}")
    routers = dict(settings.routers) | {"best_single_path": FixedPathConfig(route=best_path)}
    for seed in range(seeds):
        own = replace(colony, colony=f"demo-{seed}")
        routers |= {learning_router(seed): own, learnt_router(seed): replace(own, selection=GreedyConfig())}
    agents = {
        name: replace(agent, drill=DrillConfig(refuse_while=folder / f"refuse-{name}"))
        for name, agent in settings.agents.items()
    }
    return Stage(
        replace(
            settings,
            agents=agents,
            routers=routers,
            serving=replace(settings.serving, port=free_port()),
            store=replace(settings.store, url=f"sqlite:///{folder / 'demo.db'}"),
        ),
        folder,
    )


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
