"""The shape of the configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag
from pydantic.json_schema import SkipJsonSchema

from stigmergy.agents.catalog import profile_of
from stigmergy.agents.configs import AgentConfig, EvaluatorConfig, ModelConfig
from stigmergy.domain import AgentId, AgentProfile, Budget, NodeId
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.nodes import AgentNode, FanOutNode, GraphSpec, PanelNode
from stigmergy.graphs.weights import WeightModel
from stigmergy.platform.health import BreakerConfig
from stigmergy.platform.monitors import MonitorsConfig
from stigmergy.routers.configs import PanelRuleConfig, RouterConfig
from stigmergy.routers.guard.config import GuardConfig
from stigmergy.routers.retrieval.config import RetrievalConfig

_MOST_USD = Decimal(9_000_000_000)
"""Money is stored in nano-dollars, in integers of 64 bits."""
_MOST_COUNTED = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetConfig:
    """Default limits of a task; what is left out is unlimited. ``deadline_s`` counts from when it is accepted."""

    max_usd: Annotated[Decimal, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    max_calls: Annotated[int, Field(ge=0)] | None = None
    deadline_s: Annotated[float, Field(gt=0)] | None = None

    def budget(self) -> Budget:
        """The limits that do not depend on when the task comes."""
        return Budget(self.max_usd, self.max_tokens, self.max_calls)


def _node_kind(node: object) -> str:
    """A node is an agent unless it says otherwise."""
    return str(node.get("kind", "agent")) if isinstance(node, Mapping) else getattr(node, "kind", "agent")


NodeConfig: TypeAlias = Annotated[
    Annotated[AgentNode, Tag("agent")] | Annotated[FanOutNode, Tag("fan_out")] | Annotated[PanelNode, Tag("panel")],
    Discriminator(_node_kind),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphConfig(GraphSpec):
    """An agent graph, its router and budget, its judge, its monitors, its guard and its retrieval.

    ``routers`` are those that a task may name beside the default ``router``; left out, all that are configured.
    """

    nodes: Mapping[NodeId, NodeConfig] = field(default_factory=dict)
    router: str
    routers: tuple[str, ...] | None = None
    budget: BudgetConfig = BudgetConfig()
    evaluator: Annotated[EvaluatorConfig, Field(discriminator="kind")] | None = None
    monitors: MonitorsConfig = field(default_factory=MonitorsConfig)
    guard: GuardConfig | None = None
    retrieval: RetrievalConfig | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendLimits:
    """What all tasks of a tenant or key may spend together, for good; what is left out is unlimited."""

    max_usd: Annotated[Decimal, Field(ge=0, le=_MOST_USD)] | None = None
    max_tokens: Annotated[int, Field(ge=0, le=_MOST_COUNTED)] | None = None
    max_calls: Annotated[int, Field(ge=0, le=_MOST_COUNTED)] | None = None

    def budget(self) -> Budget:
        """The limits as a budget."""
        return Budget(self.max_usd, self.max_tokens, self.max_calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyConfig:
    """One API key, known by its SHA-256 alone: as ``hash``, or of the key in the variable ``env`` of the gateways."""

    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    env: Annotated[str, Field(min_length=1)] | None = None
    budget: SpendLimits = SpendLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantConfig:
    """Whose tasks, episodes and budget are kept apart from everybody else's.

    Keys of an ``operator`` see and move policies, which decide for every tenant.
    """

    keys: Annotated[Mapping[str, KeyConfig], Field(min_length=1)]
    budget: SpendLimits = SpendLimits()
    operator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingConfig:
    """Where and how the gateway listens.

    ``haproxy: auto`` uses Serve's HAProxy where its binary is installed. A gateway replica admits a task as long as
    fewer than ``max_in_flight`` run in it or wait for room anywhere; further ones get a 503 with ``retry_after_s``.
    On a cluster of several nodes ``proxies`` listen on every one of them, or on the head alone.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(gt=0, lt=65536)] = 8700
    gateway_replicas: Annotated[int, Field(ge=1)] = 1
    gateway_num_cpus: Annotated[float, Field(ge=0)] = 0
    max_in_flight: Annotated[int, Field(ge=1)] = 1000
    retry_after_s: Annotated[float, Field(gt=0)] = 1.0
    haproxy: Literal["auto", "off"] = "auto"
    drain_s: Annotated[float, Field(ge=0)] = 0.0
    proxies: Literal["every_node", "head"] = "every_node"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """Where tasks and episodes are kept, for how long, and what a commit survives."""

    url: str = "sqlite:///.stigmergy/stigmergy.db"
    durability: Literal["process_crash", "power_loss"] = "process_crash"
    retention_days: Annotated[float, Field(gt=0)] | None = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningConfig:
    """Which episodes are judged, and what the task types are learnt from.

    ``examples`` are labelled queries per task type, in this file or built in under a name such as ``workbench``.
    """

    judged_fraction: Annotated[float, Field(ge=0, le=1)] = 1.0
    examples: Mapping[str, tuple[str, ...]] | Literal["workbench"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinationConfig:
    """Rhythm of what replicas share, in seconds, and how many learnt episodes of a colony make a tick of its trails.

    Every ``reload_s`` each process looks whether an artifact that it serves with has changed on its disk.
    """

    report_s: Annotated[float, Field(gt=0)] = 0.1
    tick_episodes: Annotated[int, Field(ge=1)] = 25
    checkpoint_s: Annotated[float, Field(gt=0)] = 1.0
    reload_s: Annotated[float, Field(gt=0)] = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """``max_attempts`` calls per step, the first included; the engine alone retries.

    Agents may give work back ``max_hand_backs`` times per episode (per branch of a fan-out); then it is escalated.
    A process holds its tasks for ``lease_s`` seconds at a time; what a dead one left runs again, ``max_runs`` times in
    all. A gateway runs at most ``max_running`` tasks side by side; what it accepts beyond waits for whoever has room.
    """

    max_attempts: Annotated[int, Field(ge=1, le=10)] = 2
    max_hand_backs: Annotated[int, Field(ge=0)] = 2
    lease_s: Annotated[float, Field(gt=0)] = 15.0
    max_runs: Annotated[int, Field(ge=1)] = 3
    max_running: Annotated[int, Field(ge=0)] = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersConfig:
    """Processes that only run tasks: how many, how many tasks each runs side by side, and what each may use."""

    replicas: Annotated[int, Field(ge=0)] = 0
    max_running: Annotated[int, Field(ge=1)] = 500
    num_cpus: Annotated[float, Field(ge=0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is configured."""

    __pydantic_config__ = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    agents: Mapping[AgentId, Annotated[AgentConfig, Field(discriminator="kind")]]
    models: Mapping[str, Annotated[ModelConfig, Field(discriminator="kind")]] = field(default_factory=dict)
    graphs: Annotated[Mapping[str, GraphConfig], Field(min_length=1)]
    routers: Annotated[Mapping[str, Annotated[RouterConfig, Field(discriminator="kind")]], Field(min_length=1)]
    panels: Mapping[str, Annotated[PanelRuleConfig, Field(discriminator="kind")]] = field(default_factory=dict)
    """Rules of panels, by the name under which a panel asks for them."""
    default_graph: str | None = None
    tenants: Mapping[str, TenantConfig] = field(default_factory=dict)
    engine: EngineConfig = EngineConfig()
    healing: WeightModel = field(default_factory=WeightModel)
    breakers: BreakerConfig = field(default_factory=BreakerConfig)
    learning: LearningConfig = LearningConfig()
    coordination: CoordinationConfig = CoordinationConfig()
    serving: ServingConfig = ServingConfig()
    workers: WorkersConfig = WorkersConfig()
    store: StoreConfig = StoreConfig()
    fingerprint: str = ""
    """Hash of the document this was read from; computed, never written."""
    before: SkipJsonSchema[Settings | None] = None
    """What was served until now, as long as tasks that began on it may come in; never written."""

    def profiles(self) -> dict[AgentId, AgentProfile]:
        """Every agent's profile; raises UnpricedAgent."""
        return {name: profile_of(name, config, self.models) for name, config in self.agents.items()}

    def build_graphs(self) -> dict[str, AgentGraph]:
        """Every graph; raises GraphError."""
        profiles = self.profiles()
        return {name: AgentGraph(name, spec, profiles) for name, spec in self.graphs.items()}

    def earlier_graphs(self) -> dict[str, AgentGraph]:
        """The graphs that were served before and whose agents are all there still, by their versions."""
        graphs = {} if self.before is None else self.before.build_graphs()
        return {graph.version: graph for graph in graphs.values() if graph.agents <= set(self.agents)}

    def offers(self, graph: str) -> tuple[str, ...]:
        """The routers that a task of a graph may name, its default first."""
        config = self.graphs[graph]
        return tuple(dict.fromkeys((config.router, *(self.routers if config.routers is None else config.routers))))

    @property
    def main_graph(self) -> str:
        """The graph of a task that names none: the one so configured, or the first."""
        return self.default_graph or next(iter(self.graphs))
