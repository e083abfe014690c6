"""The order of events: log, train, look on, try, promote; and two policies that must not decide."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from stigmergy.agents.workbench.task import FamilyName, WorkbenchTask
from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.cli.demo.runs import run_tasks
from stigmergy.cli.demo.stage import GRAPH
from stigmergy.cli.progress import counting, working
from stigmergy.cli.train_demo.fresh import FreshRun, difference, judged_run
from stigmergy.cli.train_demo.stage import LEARNT, SERVED, Stage, set_stage
from stigmergy.cli.train_demo.timing import Phases
from stigmergy.cli.train_demo.training import MANY_PASSES, PASSES, Trained, logged_dataset, trained_on
from stigmergy.client.protocol import Outcome
from stigmergy.client.sync import Client
from stigmergy.deployments.local_cluster import local_cluster
from stigmergy.errors import PromotionRefused
from stigmergy.platform.learning.dataset.narrowing import narrowed
from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.wire import TaskResult
from stigmergy.wire_policies import RegisteredPolicyModel

AS_TRAINED: Final[Mapping[str, Any]] = {"kind": "policy", "selection": {"kind": "softmax", "temperature": 0.5}}
"""Explores where the policy is in doubt, so that the next one can be judged by its episodes."""
GUESSING: Final[Mapping[str, Any]] = {"kind": "policy", "selection": {"kind": "epsilon", "epsilon": 0.6}}
"""The deliberately bad policy: it draws as many hops blindly."""
_KNOWN: Final[tuple[FamilyName, ...]] = ("text",)
_UNKNOWN: Final[tuple[FamilyName, ...]] = ("arithmetic", "dates", "algebra", "tables", "python")
_FAMILIES: Final[Mapping[str, tuple[FamilyName, ...]]] = {
    "all": (*_KNOWN, *_UNKNOWN),
    "known": _KNOWN,
    "unknown": _UNKNOWN,
}
_SEEDS: Final = {"all": 191_000, "fresh": 192_000, "known": 193_000, "unknown": 194_000}
_SWAPPED_WITHIN_S: Final = 2.0
_MOST_ROUNDS: Final = 20
_MOST_LOOKS: Final = 5
_ROUND: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many tasks each part takes; policies look on for so many at a time, until the log tells their worth."""

    log: int = 2_000
    bad: int = 800
    shadow: int = 2_500
    canary: int = 300
    fresh: int = 300
    narrow: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was shown.

    Attributes:
        logged: episodes that were trained on, or judged from.
        training: figures of the policy, and what it was made of.
        fresh: runs on the same fresh tasks: the router as configured, what its colony has learnt, the dearest path, the
            promoted policy.
        gains: of the promoted policy over each of the others, per fresh task.
        promoted, refused, rolled_back: the reasons.
        seconds: by part.
    """

    logged: int
    training: Mapping[str, Any]
    fresh: Mapping[str, FreshRun]
    gains: Mapping[str, Interval]
    promoted: str
    refused: str
    rolled_back: str
    seconds: Mapping[str, float]


@contextmanager
def served_stage(folder: Path, phases: Phases) -> Iterator[tuple[Stage, Client]]:
    """Start Ray and Serve, and stop everything in the end."""
    stage = set_stage(folder)
    with ExitStack() as running:
        with working("starting Ray and Serve"), phases.timed("start"):
            url = running.enter_context(local_cluster(stage.settings))
        yield stage, running.enter_context(Client(url))


class Script:
    """One demo over a served stage."""

    def __init__(self, stage: Stage, client: Client, phases: Phases, sizes: Sizes = Sizes()) -> None:
        self._stage = stage
        self._client = client
        self._phases = phases
        self._sizes = sizes
        self._seeds = {name: count(first) for name, first in _SEEDS.items()}
        self._fresh = generate_tasks(_SEEDS["fresh"], sizes.fresh)
        self._logged = 0

    def run(self) -> Report:
        """Everything, in order."""
        sizes, fresh = self._sizes, {}
        self._log("logging with exploration", "all", sizes.log)
        whole, narrow = self._trained()
        refused = self._refused(whole)
        good = self._look_on("the trained policy looks on", whole, AS_TRAINED, "all", sizes.shadow)
        for name, router in (("as configured", SERVED), ("its colony", LEARNT), ("dearest", "dearest")):
            fresh[name] = self._measure(name, router)
        logged, promoted = self._logged, self._promote(good)
        after = self._measure("promoted", SERVED)
        rolled_back = self._turn_bad(narrow)
        return Report(
            logged=logged,
            training={**whole.metrics, **whole.lineage},
            fresh={**fresh, "promoted": after},
            gains={name: difference(after, before) for name, before in fresh.items()},
            promoted=promoted,
            refused=refused,
            rolled_back=rolled_back,
            seconds=self._phases.seconds,
        )

    def _trained(self) -> tuple[Trained, Trained]:
        """The policy of all episodes, and that of the one kind of task that is called known."""
        folder = self._stage.folder
        whole, known = folder / "dataset", folder / "known"
        with working("making transitions of what is stored"), self._phases.timed("dataset"):
            manifests = logged_dataset(self._stage, whole), narrowed(whole, _KNOWN, known)
        with working("training with RLlib"), self._phases.timed("train"):
            return (
                trained_on(whole, manifests[0], folder / "training", PASSES),
                trained_on(known, manifests[1], folder / "known-training", MANY_PASSES),
            )

    def _refused(self, trained: Trained) -> str:
        """What the gate says about a policy that guesses, which is withdrawn then."""
        policy = self._look_on("a bad policy looks on", trained, GUESSING, "all", self._sizes.bad)
        try:
            with working("judging the bad policy"), self._phases.timed("judge"):
                self._client.policies.promote(SERVED, policy.version)
        except PromotionRefused as refusal:
            self._client.policies.retire(SERVED, policy.version, "refused by the gate")
            return refusal.reason
        return ""

    def _look_on(
        self, title: str, trained: Trained, document: Mapping[str, Any], tasks: str, number: int
    ) -> RegisteredPolicyModel:
        """Register a policy, and let it look on until what it is worth can be told; how much that is plays no part."""
        policies = self._client.policies
        made = policies.register(SERVED, trained.artifact, document, metrics=trained.metrics, lineage=trained.lineage)
        policy = policies.shadow(SERVED, made.version)
        for _ in range(_MOST_LOOKS):
            self._log(title, tasks, number)
            with working("judging whether the log tells"), self._phases.timed("judge"):
                graphs = policies.show(SERVED, made.version).graphs
            if graphs and not any(each.refused for each in graphs):
                break
        return policy

    def _promote(self, policy: RegisteredPolicyModel) -> str:
        """By way of a canary of a fifth of the tasks."""
        self._try(policy, 0.2)
        self._log("canary of a fifth", "all", self._sizes.canary)
        with working("judging it again"), self._phases.timed("judge"):
            reason = self._client.policies.promote(SERVED, policy.version).reason
        # No task shows that every gateway has heard of it; they promise to within this time.
        time.sleep(_SWAPPED_WITHIN_S)
        return reason

    def _try(self, policy: RegisteredPolicyModel, share: float) -> None:
        with working("judging it by what it looked on"), self._phases.timed("judge"):
            self._client.policies.canary(SERVED, policy.version, share)

    def _turn_bad(self, trained: Trained) -> str:
        """A canary that knows one kind of task only, when other kinds come; the reason of its end."""
        title = "a policy that knows one kind of task looks on"
        policy = self._look_on(title, trained, AS_TRAINED, "known", self._sizes.narrow)
        self._try(policy, 0.4)
        for _ in range(_MOST_ROUNDS):
            self._log("other kinds of tasks come", "unknown", _ROUND)
            (found,) = (each for each in self._client.policies.list(SERVED) if each.name == policy.name)
            if found.stage == "retired":
                return found.reason
        return ""

    def _log(self, title: str, tasks: str, number: int) -> None:
        """Tasks with references, so that their episodes are judged; none comes twice."""
        made = generate_tasks(next(self._seeds[tasks]), number, _FAMILIES[tasks])
        self._logged += number
        with self._phases.timed("log"):
            self._run(title, made, SERVED, with_references=True)

    def _measure(self, title: str, router: str) -> FreshRun:
        """Fresh tasks without references: nothing is learnt from them."""
        with self._phases.timed("measure"):
            outcomes = self._run(f"fresh tasks, {title}", self._fresh, router, with_references=False)
            return judged_run(self._client, self._stage.graph, self._fresh, outcomes)

    def _run(self, title: str, tasks: Sequence[WorkbenchTask], router: str, *, with_references: bool) -> list[Outcome]:
        with counting(f"{title}: {len(tasks)} tasks", len(tasks)) as advance:
            outcomes = run_tasks(self._client, tasks, router, GRAPH, advance, with_references=with_references)
            # Asking for the last episodes waits until they are stored.
            for outcome in outcomes[-1:]:
                if isinstance(outcome, TaskResult):
                    self._client.episode(str(outcome.episode_id))
        return outcomes
