"""The order of events of one demo: warm up, baselines, learn, faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stigmergy.agents.workbench.task import WorkbenchTask
from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.cli.demo.faults import Faults
from stigmergy.cli.demo.runs import RunReport, report_on, run_tasks
from stigmergy.cli.demo.single_paths import SinglePath, score_all_paths
from stigmergy.cli.demo.stage import GRAPH, Stage, learning_router, learnt_router, set_stage
from stigmergy.cli.progress import Advance, counting, working
from stigmergy.client.sync import Client
from stigmergy.deployments.agent_deployment import deployment_name
from stigmergy.deployments.instance import recorded_instance
from stigmergy.deployments.local_cluster import local_cluster
from stigmergy.errors import ServerUnreachable

TASKS = 300
_WARM_UP = 120
_BASELINES = ("random", "cheapest", "dearest", "best_single_path", "dijkstra")
_SEEDS = {"warm-up": 90_000, "learn": 91_000, "test": 92_000}
"""Where the seeds of each set of tasks begin: what is chosen on, learnt from and measured on never overlaps."""


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What one seed showed: its runs by name, and every single path on the very tasks of these runs."""

    seed: int
    runs: dict[str, RunReport]
    paths: tuple[SinglePath, ...]


@contextmanager
def served_stage(folder: Path, seeds: int) -> Iterator[tuple[Stage, Client]]:
    """Choose the best single path on a warm-up set, start Ray and Serve, and stop everything in the end."""
    with working(f"choosing the best single path on {_WARM_UP} warm-up tasks"):
        graph = set_stage(folder, seeds, ("-",)).settings.build_graphs()[GRAPH]
        best = score_all_paths(graph, generate_tasks(_SEEDS["warm-up"], _WARM_UP))[0]
        stage = set_stage(folder, seeds, best.route)
    with ExitStack() as running:
        with working("starting Ray and Serve"):
            url = running.enter_context(local_cluster(stage.settings))
        yield stage, running.enter_context(Client(url))


def run_seed(stage: Stage, client: Client, seed: int, learn: Sequence[int]) -> SeedReport:
    """Every run of one seed. ``learn`` are the numbers of learning episodes after which the colony is measured."""
    tasks = generate_tasks(_SEEDS["test"] + seed, TASKS)
    lessons, taught = generate_tasks(_SEEDS["learn"] + seed, max(learn)), 0
    runs: dict[str, RunReport] = {}

    def measure(name: str, router: str, strike: Advance = _spare) -> None:
        runs[name] = _measure(client, tasks, router, f"seed {seed}: {name}", strike)

    for name in _BASELINES:
        measure(name, name)
    measure("ant_colony_fresh", learning_router(seed))
    for episodes in learn:
        _teach(client, lessons[taught:episodes], seed)
        taught = episodes
        measure("ant_colony_learnt" if episodes == learn[0] else f"ant_colony_learnt_{episodes}", learnt_router(seed))
    faults = _faults(stage, runs["ant_colony_learnt"])
    measure("ant_colony_faults", learnt_router(seed), faults)
    faults.refusal.unlink(missing_ok=True)
    return SeedReport(seed, runs, score_all_paths(stage.settings.build_graphs()[GRAPH], tasks))


def _measure(client: Client, tasks: Sequence[WorkbenchTask], router: str, title: str, strike: Advance) -> RunReport:
    with counting(title, len(tasks)) as advance:

        def on_done(done: int) -> None:
            advance(done)
            strike(done)

        outcomes = run_tasks(client, tasks, router, GRAPH, on_done)
        return report_on(client, tasks, outcomes)


def _teach(client: Client, lessons: Sequence[WorkbenchTask], seed: int) -> None:
    with counting(f"seed {seed}: learning from {len(lessons)} episodes", len(lessons)) as advance:
        outcomes = run_tasks(client, lessons, learning_router(seed), GRAPH, advance, with_references=True)
        # Asking for the episodes waits until they are judged, stored and learnt from.
        report_on(client, lessons, outcomes)


def _faults(stage: Stage, learnt: RunReport) -> Faults:
    """Strike where it hurts: the agents that the colony has learnt to use most."""
    port = stage.settings.serving.port
    instance = recorded_instance(port)
    if instance is None:
        raise ServerUnreachable(f"http://127.0.0.1:{port}", "the demo's own server has gone")
    visits = Counter(node for episode in learnt.episodes for node in episode["route"])
    killed, refusal = deployment_name(stage.to_kill(visits)), stage.refusal(stage.to_drill(visits))
    return Faults(instance, killed, refusal, kill_at=TASKS // 3, refuse_at=TASKS // 2)


def _spare(_done: int) -> None:
    """Strikes nothing."""
