"""The platform put together in one process: settings, agents and a store in; an engine with its desk out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stigmergy.agents.catalog import build_evaluator, build_model
from stigmergy.agents.evaluators import Evaluator
from stigmergy.agents.evaluators.canonical import CanonicalForm, canonical_form
from stigmergy.agents.models.base import LanguageModel
from stigmergy.agents.workbench.tasks import generate_tasks
from stigmergy.domain import TaskType, to_nano
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.agent_gateway import AgentGateway
from stigmergy.platform.approvals import Approvals
from stigmergy.platform.budgets.shared_budgets import SharedBudgets
from stigmergy.platform.clock import Clock, SystemClock
from stigmergy.platform.debrief import Debrief, Judging
from stigmergy.platform.direct_runs import DirectRuns
from stigmergy.platform.engine import Engine, EngineLimits, Ran, RouterInService
from stigmergy.platform.engine.policies import Policies
from stigmergy.platform.healing import Healing
from stigmergy.platform.health import HealthBoard
from stigmergy.platform.keyring import Keyring
from stigmergy.platform.live_events import LiveEvents
from stigmergy.platform.monitors import monitors_of
from stigmergy.platform.policies.in_service import PoliciesInService, policies_in_service
from stigmergy.platform.ports import Store
from stigmergy.platform.reporting import Reporter
from stigmergy.platform.settings import LearningConfig, Settings
from stigmergy.platform.snapshots import ArtifactWatch, Serving, serving_of
from stigmergy.platform.snapshots.served import ServedLearner, ServedPolicy, ServedRouter
from stigmergy.platform.task_events import TaskEvents
from stigmergy.platform.tasks import LeaseTerms, TaskDesk
from stigmergy.platform.tenants import build_budgets
from stigmergy.routers.base import Router
from stigmergy.routers.baselines import FixedRule
from stigmergy.routers.catalog import build_selection
from stigmergy.routers.query_features import FeatureReader, HashedNgrams
from stigmergy.routers.retrieval.shortlist import Shortlist, build_shortlist
from stigmergy.routers.task_types import train_classifier
from stigmergy.routers.trail_sharing import TrailSharing

_EXAMPLES_SEED = 7_001
_EXAMPLES = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Everything one gateway process works with."""

    settings: Settings
    graphs: Mapping[str, AgentGraph]
    routers: Mapping[str, Router]
    engine: Engine
    desk: TaskDesk
    direct: DirectRuns
    events: TaskEvents
    debrief: Debrief
    reporter: Reporter
    health: HealthBoard
    store: Store
    gateway: AgentGateway
    clock: Clock
    budgets: SharedBudgets
    keyring: Keyring
    watch: ArtifactWatch
    policies: PoliciesInService

    @property
    def load(self) -> int:
        """How many tasks run in this process, with a row or without, or wait for room anywhere."""
        return self.desk.load + self.direct.in_flight

    async def start(self) -> None:
        """Begin to work in the running event loop."""
        self.budgets.start()
        self.debrief.start()
        self.desk.start()
        self.direct.start()
        self.watch.start()
        self.policies.start()

    async def aclose(self) -> None:
        """Let every accepted task end, store every episode, then close agents and store."""
        await self.watch.aclose()
        await self.desk.aclose()
        await self.direct.aclose()
        await self.policies.aclose()
        await self.debrief.aclose()
        await self.budgets.aclose()
        await self.gateway.aclose()
        await self.store.aclose()


def assemble(
    settings: Settings,
    *,
    gateway: AgentGateway,
    store: Store,
    owner: str,
    environ: Mapping[str, str],
    summarise: Callable[[Ran], str],
    models: Mapping[str, LanguageModel] | None = None,
    clock: Clock | None = None,
    rng: random.Random | None = None,
) -> Runtime:
    """Build the platform of one process. ``owner`` names it in rows and reports; judges ask ``models``, if given."""
    clock, rng, (graphs, serving, shortlists) = clock or SystemClock(), rng or random.Random(), _served(settings)
    health = HealthBoard(settings.agents, settings.breakers, clock.monotonic)
    reporter = Reporter(owner, health, trail_sharers(serving.routers))
    debrief = _debrief(settings, store, serving, shortlists, models or built_models(settings, environ), clock, rng)
    told = _delivery(reporter, debrief), LiveEvents(), Approvals(store, clock, owner), reporter.counts
    outside = _Outside(gateway, health, clock, rng, *told, build_budgets(settings, store, clock, owner))
    policies = policies_in_service(settings, graphs, store, clock, reporter.counts)
    engine = _engine(settings, graphs, serving, shortlists, policies.service, outside)
    return Runtime(
        settings=settings,
        graphs=graphs,
        routers=serving.routers,
        engine=engine,
        desk=_desk(settings, engine, outside, store, owner, summarise),
        direct=DirectRuns(engine, store, outside.deliver),
        events=TaskEvents(store, outside.live),
        debrief=debrief,
        reporter=reporter,
        health=health,
        store=store,
        gateway=gateway,
        clock=clock,
        budgets=outside.budgets,
        keyring=Keyring(settings.tenants, environ),
        watch=ArtifactWatch(serving.snapshots, settings.coordination.reload_s),
        policies=policies,
    )


def _served(settings: Settings) -> tuple[Mapping[str, AgentGraph], Serving, Mapping[str, Shortlist]]:
    """The graphs, and all that decides on them, which has met them, or shortens what is decided on."""
    graphs = settings.build_graphs()
    serving = serving_of(settings, graphs)
    meet_graphs(serving.routers, graphs)
    return graphs, serving, build_shortlists(settings, graphs)


def _debrief(
    settings: Settings,
    store: Store,
    serving: Serving,
    shortlists: Mapping[str, Shortlist],
    models: Mapping[str, LanguageModel],
    clock: Clock,
    rng: random.Random,
) -> Debrief:
    return Debrief(
        store=store,
        evaluators=build_evaluators(settings, models),
        routers=_learners(serving.routers),
        shortlists=shortlists,
        clock=clock,
        rng=rng,
        judging=Judging(settings.learning.judged_fraction),
    )


def _learners(routers: Mapping[str, Router]) -> dict[str, Router]:
    return {name: router for name, router in routers.items() if not isinstance(router, FixedRule)}


def build_shortlists(settings: Settings, graphs: Mapping[str, AgentGraph]) -> dict[str, Shortlist]:
    """Of every graph that has ``retrieval``, over its agents; raises MissingExtra."""
    wanted = {name: config.retrieval for name, config in settings.graphs.items()}
    return {name: build_shortlist(graphs[name], config) for name, config in wanted.items() if config is not None}


def built_models(settings: Settings, environ: Mapping[str, str]) -> dict[str, LanguageModel]:
    """Every model, for this process alone; keys are taken from the environment."""
    return {name: build_model(name, config, environ) for name, config in settings.models.items()}


def build_evaluators(settings: Settings, models: Mapping[str, LanguageModel]) -> dict[str, Evaluator]:
    """The judge of every graph that has one."""
    judges = {name: config.evaluator for name, config in settings.graphs.items()}
    return {name: build_evaluator(judge, models) for name, judge in judges.items() if judge is not None}


def canonical_forms(settings: Settings) -> dict[str, CanonicalForm]:
    """How answers are compared in every graph whose judge compares them in a form of its own."""
    forms = {name: canonical_form(config.evaluator) for name, config in settings.graphs.items()}
    return {name: form for name, form in forms.items() if form is not None}


@dataclass(frozen=True, slots=True)
class _Outside:
    """What an engine works with beyond the settings."""

    gateway: AgentGateway
    health: HealthBoard
    clock: Clock
    rng: random.Random
    deliver: Callable[[Ran], None]
    live: LiveEvents
    approvals: Approvals
    counts: Counter[str]
    budgets: SharedBudgets


def _engine(
    settings: Settings,
    graphs: Mapping[str, AgentGraph],
    serving: Serving,
    shortlists: Mapping[str, Shortlist],
    policies: Policies,
    outside: _Outside,
) -> Engine:
    return Engine(
        graphs=graphs,
        earlier=settings.earlier_graphs(),
        routers={name: _in_service(settings, name, router) for name, router in serving.routers.items()},
        gateway=outside.gateway,
        health=outside.health,
        healing=Healing(settings.healing),
        features=feature_reader(settings.learning),
        clock=outside.clock,
        rng=outside.rng,
        limits=EngineLimits(settings.engine.max_attempts, settings.engine.max_hand_backs),
        monitors={name: monitors_of(config.monitors) for name, config in settings.graphs.items()},
        guards=serving.guards,
        shortlists=shortlists,
        approvals=outside.approvals,
        config_version=settings.fingerprint,
        accounts=outside.budgets.accounts,
        panel_rules=serving.rules,
        canonical_forms=canonical_forms(settings),
        offers={name: settings.offers(name) for name in graphs},
        policies=policies,
    )


def _desk(
    settings: Settings,
    engine: Engine,
    outside: _Outside,
    store: Store,
    owner: str,
    summarise: Callable[[Ran], str],
) -> TaskDesk:
    return TaskDesk(
        engine=engine,
        store=store,
        clock=outside.clock,
        owner=owner,
        summarise=summarise,
        live=outside.live,
        deliver=outside.deliver,
        terms=LeaseTerms(settings.engine.lease_s, settings.engine.max_runs, settings.engine.max_running),
        counts=outside.counts,
        approvals=outside.approvals,
    )


def _delivery(reporter: Reporter, debrief: Debrief) -> Callable[[Ran], None]:
    def deliver(ran: Ran) -> None:
        reporter.counts.update(_counts(ran))
        debrief.take(ran)

    return deliver


def meet_graphs(routers: Mapping[str, Router], graphs: Mapping[str, AgentGraph]) -> None:
    """Show every trail-sharing router every graph, so that it can learn from episodes that ran elsewhere."""
    for router in trail_sharers(routers):
        for graph in graphs.values():
            router.meet(graph)


def trail_sharers(routers: Mapping[str, Router]) -> tuple[TrailSharing, ...]:
    """The routers whose learning is shared, one per colony: those of one colony have one memory."""
    found = {router.colony: router for router in routers.values() if isinstance(router, TrailSharing)}
    return tuple(found.values())


def feature_reader(learning: LearningConfig) -> FeatureReader:
    """Reads query features; trained on the labelled examples of the configuration, if there are any."""
    embedder = HashedNgrams()
    return FeatureReader(embedder, train_classifier(embedder, _labelled(learning)))


def _labelled(learning: LearningConfig) -> list[tuple[str, TaskType]]:
    if learning.examples == "workbench":
        return [(task.text, task.family) for task in generate_tasks(_EXAMPLES_SEED, _EXAMPLES)]
    return [(text, task_type) for task_type, texts in learning.examples.items() for text in texts]


def _in_service(settings: Settings, name: str, router: Router) -> RouterInService:
    selection = settings.routers[name].selection
    return RouterInService(name, router, build_selection(selection), str(selection), _policy_version(name, router))


def _policy_version(name: str, router: Router) -> Callable[[], str]:
    # Asked once per router: this isinstance looks at every member of the protocol, and versions are asked for per hop.
    if isinstance(router, TrailSharing):
        return lambda: f"{router.colony}@t{router.trails.version}"
    if isinstance(router, ServedRouter | ServedLearner | ServedPolicy):
        return lambda: f"{name}@{router.version}"
    return lambda: name


def _counts(ran: Ran) -> Counter[str]:
    """What the metrics count of one run, by the name and labels of its series."""
    episode = ran.episode
    counts = Counter({f'tasks_ended_total{{status="{episode.status}"}}': 1})
    counts.update(f'failed_calls_total{{agent="{f.agent}",kind="{f.kind}"}}' for f in episode.failures)
    counts["reroutes_total"] = episode.reroutes
    counts["charged_nano_usd_total"] = to_nano(episode.charged_usd)
    return counts
