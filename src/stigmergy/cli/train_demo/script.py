"""The order of events: log, train, look on, try, promote; then two policies that must not decide."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from stigmergy.agents.workbench.task import FamilyName, WorkbenchTask
from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.cli.demo.runs import run_tasks
from stigmergy.cli.demo.stage import GRAPH
from stigmergy.cli.progress import counting, working
from stigmergy.cli.train_demo.fresh import FreshRun, difference, judged_run
from stigmergy.cli.train_demo.stage import SERVED, Stage, set_stage
from stigmergy.client.protocol import Outcome
from stigmergy.client.sync import Client
from stigmergy.deployments.local_cluster import local_cluster
from stigmergy.errors import PromotionRefused
from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.wire import TaskResult
from stigmergy.wire_policies import RegisteredPolicyModel

KEEPS_EXPLORING: Final = 0.02
"""How often a promoted policy draws a hop blindly, so that the next one can be judged by its episodes."""
GUESSES: Final = 0.8
"""As often the deliberately bad policy draws a hop blindly."""
_KNOWN: Final[tuple[FamilyName, ...]] = ("arithmetic", "dates", "text")
_UNKNOWN: Final[tuple[FamilyName, ...]] = ("algebra", "tables", "python")
_SEEDS: Final = {"log": 191_000, "fresh": 192_000, "known": 193_000, "unknown": 194_000}
_SWAPPED_WITHIN_S: Final = 2.0
_MOST_ROUNDS: Final = 20
_ROUND: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many tasks each part takes."""

    log: int = 2_000
    shadow: int = 2_000
    canary: int = 400
    fresh: int = 300
    bad: int = 400
    narrow: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was shown.

    Attributes:
        logged: episodes that were trained on, or judged from.
        fresh: runs on the same fresh tasks: the router as configured, the dearest path, the promoted policy.
        gain: of the promoted policy over the router as configured, per fresh task.
        promoted, refused, rolled_back: the reasons.
    """

    logged: int
    fresh: dict[str, FreshRun]
    gain: Interval
    promoted: str
    refused: str
    rolled_back: str


@contextmanager
def served_stage(folder: Path) -> Iterator[tuple[Stage, Client]]:
    """Start Ray and Serve, and stop everything in the end."""
    stage = set_stage(folder)
    with ExitStack() as running:
        with working("starting Ray and Serve"):
            url = running.enter_context(local_cluster(stage.settings))
        yield stage, running.enter_context(Client(url))


class Script:
    """One demo over a served stage."""

    def __init__(self, stage: Stage, client: Client, sizes: Sizes = Sizes()) -> None:
        self._stage = stage
        self._client = client
        self._sizes = sizes
        self._seeds = {name: count(first) for name, first in _SEEDS.items()}
        self._fresh = generate_tasks(_SEEDS["fresh"], sizes.fresh)

    def run(self) -> Report:
        """Everything, in order."""
        sizes, fresh = self._sizes, {}
        self._submit("logging with exploration", "log", sizes.log)
        artifact = self._trained()
        good = self._look_on("the trained policy looks on", artifact, KEEPS_EXPLORING, "log", sizes.shadow)
        fresh["as configured"] = self._measure("as configured", SERVED)
        fresh["dearest"] = self._measure("dearest", "dearest")
        promoted = self._promote(good)
        fresh["promoted"] = self._measure("promoted", SERVED)
        bad = self._look_on("a bad policy looks on", artifact, GUESSES, "log", sizes.bad)
        refused = self._refused(bad)
        rolled_back = self._turn_bad(artifact)
        return Report(
            logged=sizes.log + sizes.shadow,
            fresh=fresh,
            gain=difference(fresh["promoted"], fresh["as configured"]),
            promoted=promoted,
            refused=refused,
            rolled_back=rolled_back,
        )

    def _trained(self) -> bytes:
        with working("training on what is stored"):
            return self._stage.trained()

    def _look_on(self, title: str, artifact: bytes, epsilon: float, tasks: str, number: int) -> RegisteredPolicyModel:
        """Register a policy, and let it look on for a number of tasks."""
        made = self._client.policies.register(SERVED, artifact, self._stage.document(epsilon))
        policy = self._client.policies.shadow(SERVED, made.version)
        time.sleep(_SWAPPED_WITHIN_S)
        self._submit(title, tasks, number)
        return policy

    def _promote(self, policy: RegisteredPolicyModel) -> str:
        """By way of a canary of a fifth of the tasks."""
        with working("judging it by what it looked on"):
            self._client.policies.canary(SERVED, policy.version, 0.2)
        time.sleep(_SWAPPED_WITHIN_S)
        self._submit("canary of a fifth", "log", self._sizes.canary)
        with working("judging it again"):
            reason = self._client.policies.promote(SERVED, policy.version).reason
        time.sleep(_SWAPPED_WITHIN_S)
        return reason

    def _refused(self, policy: RegisteredPolicyModel) -> str:
        """What the gate says about a bad policy, which is withdrawn then."""
        try:
            with working("judging the bad policy"):
                self._client.policies.promote(SERVED, policy.version)
        except PromotionRefused as refusal:
            self._client.policies.retire(SERVED, policy.version, "refused by the gate")
            return refusal.reason
        return ""

    def _turn_bad(self, artifact: bytes) -> str:
        """A canary that knows some kinds of tasks only, when other kinds come; the reason of its end."""
        narrow, title = self._stage.knowing(artifact, _KNOWN), "a policy that knows three kinds of tasks looks on"
        policy = self._look_on(title, narrow, KEEPS_EXPLORING, "known", self._sizes.narrow)
        with working("judging it by what it looked on"):
            self._client.policies.canary(SERVED, policy.version, 0.4)
        time.sleep(_SWAPPED_WITHIN_S)
        for _ in range(_MOST_ROUNDS):
            self._submit("other kinds of tasks come", "unknown", _ROUND)
            time.sleep(_SWAPPED_WITHIN_S)
            (found,) = (each for each in self._client.policies.list(SERVED) if each.name == policy.name)
            if found.stage == "retired":
                return found.reason
        return ""

    def _submit(self, title: str, tasks: str, number: int) -> None:
        """Tasks with references, so that their episodes are judged; none comes twice."""
        families: Sequence[FamilyName] = {"known": _KNOWN, "unknown": _UNKNOWN}.get(tasks, (*_KNOWN, *_UNKNOWN))
        self._run(title, generate_tasks(next(self._seeds[tasks]), number, families), SERVED, with_references=True)

    def _measure(self, title: str, router: str) -> FreshRun:
        """Fresh tasks without references: nothing is learnt from them."""
        outcomes = self._run(f"fresh tasks, {title}", self._fresh, router, with_references=False)
        return judged_run(self._client, self._stage.settings.build_graphs()[GRAPH], self._fresh, outcomes)

    def _run(self, title: str, tasks: Sequence[WorkbenchTask], router: str, *, with_references: bool) -> list[Outcome]:
        with counting(f"{title}: {len(tasks)} tasks", len(tasks)) as advance:
            outcomes = run_tasks(self._client, tasks, router, GRAPH, advance, with_references=with_references)
            # Asking for the last episodes waits until they are stored.
            for outcome in outcomes[-1:]:
                if isinstance(outcome, TaskResult):
                    self._client.episode(str(outcome.episode_id))
        return outcomes
