"""What the demo serves: the workbench with one colony per seed, a fixed best path, and an agent that can be drilled."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from stigmergy.agents.configs import DrillConfig
from stigmergy.platform.settings import Settings, load_settings
from stigmergy.platform.workbench import WORKBENCH
from stigmergy.routers.configs import AntColonyConfig, FixedPathConfig, GreedyConfig

GRAPH = "workbench"
KILLED = "stepper"
"""Runs as a deployment: its replica is killed in the middle of the run with faults."""
DRILLED = "scribe"
"""Runs inside the gateway: it is made to refuse in the middle of that run."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Settings to serve, and the file whose presence makes the drilled agent refuse."""

    settings: Settings
    refusal: Path


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
    refusal = folder / "refuse"
    agents = dict(settings.agents)
    agents[DRILLED] = replace(agents[DRILLED], drill=DrillConfig(refuse_while=refusal))
    return Stage(
        replace(
            settings,
            agents=agents,
            routers=routers,
            serving=replace(settings.serving, port=_free_port()),
            store=replace(settings.store, url=f"sqlite:///{folder / 'demo.db'}"),
        ),
        refusal,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
