"""AgentGraph: a frozen, validated view over a networkx DiGraph of agents and fan-outs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeAlias

import networkx as nx

from stigmergy.domain import GOAL, NOTHING, START, AgentId, AgentProfile, NodeId, Spend
from stigmergy.errors import GraphError, InvalidFanOut, UnknownNode
from stigmergy.graphs.layout import Layout
from stigmergy.graphs.nodes import AgentNode, FanOutNode, GraphSpec, Node, PanelNode
from stigmergy.graphs.structure import check_agents, check_fan_out, check_panel, digraph_of, nodes_of

Profiles: TypeAlias = Mapping[AgentId, AgentProfile]
Needs: TypeAlias = Mapping[NodeId, tuple[Spend, ...]]
"""The Pareto-least worst cases of fan-outs, as things stand; none: a required branch is closed."""
NO_FAN_OUTS: Final[Needs] = MappingProxyType({})


class AgentGraph:
    """Who may hand work to whom: a DAG from START to GOAL. Nothing about it changes after it is built.

    Graphs of one ``version`` are equal, whatever their names and however they were written (stages or edges). A graph
    travels between processes as its specification and the profiles it uses.

    Attributes:
        name: what tasks call it by.
        spec: what its author wrote.
        digraph: the frozen networkx graph, START and GOAL included.
        order: every node, START and GOAL included, in the one alphabetical topological order.
        escalation: the agent that is asked when no path is left, or None.
        branches: for each fan-out, its branches as graphs of their own; for each panel, one such graph per agent.
        panels: the nodes that are panels.

    Raises:
        DuplicateName: a name occurs twice in the stages, or a node is called START or GOAL.
        UnknownAgent: a node or the escalation names an agent without a profile.
        InvalidFanOut: a fan-out has no required branch, or one of its branches is no valid graph.
        InvalidPanel: a panel has no agents, or ones that have side effects, or asks more than it has.
        CycleFound: the edges form a cycle.
        GoalUnreachable: a node lies on no way from START to GOAL.
    """

    def __init__(self, name: str, spec: GraphSpec, profiles: Profiles) -> None:
        self.name: Final = name
        self.spec: Final = spec
        self._nodes = nodes_of(spec)
        check_agents(self._nodes, spec.escalation, profiles)
        self.panels: Final = {node: n for node, n in self._nodes.items() if isinstance(n, PanelNode)}
        self.branches: Final = _branches_of(name, self._nodes, profiles)
        self._profiles = {node: profiles[n.agent] for node, n in self._nodes.items() if isinstance(n, AgentNode)}
        self.escalation: Final = None if spec.escalation is None else profiles[spec.escalation]
        self.digraph: Final[nx.DiGraph[NodeId]] = digraph_of(spec, self._nodes)
        self.order: Final[tuple[NodeId, ...]] = tuple(nx.lexicographical_topological_sort(self.digraph))
        self.nodes: Final = tuple(node for node in self.order if node not in (START, GOAL))
        self._successors = {node: tuple(self.digraph.successors(node)) for node in self.order}
        self._predecessors = {node: tuple(self.digraph.predecessors(node)) for node in self.order}
        self._worst_cases = {node: profile.worst_case() for node, profile in self._profiles.items()}
        self._worst_cases |= {START: NOTHING, GOAL: NOTHING}
        self._worst_cases |= {node: self._worst_case_of(node) for node in self.branches}
        self._losses = {node: n.loss for node, n in self._nodes.items() if isinstance(n, AgentNode) and n.optional}
        self._used = {agent: profiles[agent] for agent in sorted(self.agents)}

    @cached_property
    def version(self) -> str:
        """Fingerprint of the structure and of every profile in it, in 16 hexadecimal digits."""
        document = {
            "edges": sorted(self.digraph.edges),
            "nodes": {name: asdict(node) for name, node in self._nodes.items()},
            "profiles": {name: asdict(profile) for name, profile in self._profiles.items()},
            "branches": {node: {b: graph.version for b, graph in arms.items()} for node, arms in self.branches.items()},
            "escalation": None if self.escalation is None else asdict(self.escalation),
        }
        text = json.dumps(document, sort_keys=True, default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def agents(self) -> frozenset[AgentId]:
        """The agents of this graph and of every branch in it, the escalation agent included."""
        own = {profile.id for profile in self._profiles.values()}
        nested = {agent for arms in self.branches.values() for graph in arms.values() for agent in graph.agents}
        return frozenset(own | nested | (set() if self.escalation is None else {self.escalation.id}))

    @property
    def profiles(self) -> tuple[AgentProfile, ...]:
        """Those of ``agents``, ordered by id."""
        return tuple(self._used.values())

    def node(self, name: NodeId) -> Node:
        """The node of this name; raises UnknownNode (START and GOAL are not nodes)."""
        try:
            return self._nodes[name]
        except KeyError:
            raise UnknownNode(name, tuple(self._nodes)) from None

    def profile(self, node: NodeId) -> AgentProfile:
        """The profile of the agent at a node; raises UnknownNode for START, GOAL and fan-outs."""
        try:
            return self._profiles[node]
        except KeyError:
            raise UnknownNode(node, tuple(self._profiles)) from None

    def worst_case(self, node: NodeId) -> Spend:
        """What one attempt at the node may use at most; nothing at START and GOAL.

        A fan-out's is the sum over its required branches of their cheapest routes (least usd, then tokens, calls).
        That is its price for comparisons; what it may need while agents are down is ``routers.fan_out_needs``. A
        panel's is that of the dearest agents that it may ask.

        Raises:
            UnknownNode: the graph has no such node.
        """
        found = self._worst_cases.get(node)
        if found is None:
            raise UnknownNode(node, tuple(self._nodes))
        return found

    def required(self, node: NodeId) -> Mapping[str, AgentGraph]:
        """The branches of a fan-out without which it cannot be joined, none of a panel; raises UnknownNode."""
        fan_out = self.node(node)
        arms = fan_out.branches if isinstance(fan_out, FanOutNode) else {}
        return {name: self.branches[node][name] for name, arm in arms.items() if arm.required}

    def _worst_case_of(self, node: NodeId) -> Spend:
        """Of a fan-out or a panel."""
        if node in self.panels:
            return dearest((arm.cheapest() for arm in self.branches[node].values()), self.panels[node].most)
        return sum((arm.cheapest() for arm in self.required(node).values()), NOTHING)

    @cached_property
    def every_effect(self) -> frozenset[str]:
        """The side effects that a run through this graph may have, those of its branches included."""
        return frozenset().union(*(self.effects(node) for node in self.nodes))

    def effects(self, node: NodeId) -> frozenset[str]:
        """The side effects of a node: its agent's, or every one that its branches may have; none at the ends."""
        if node in self.branches:
            return frozenset().union(*(arm.every_effect for arm in self.branches[node].values()))
        profile = self._profiles.get(node)
        return frozenset() if profile is None or profile.effect is None else frozenset((profile.effect,))

    def cheapest(self) -> Spend:
        """The worst case of the cheapest route: least usd, then tokens, then calls."""
        ahead = {GOAL: NOTHING}
        for node in reversed(self.order[:-1]):
            ways = (self._worst_cases[s] + ahead[s] for s in self._successors[node] if s in ahead)
            ahead[node] = min(ways, key=lambda spend: (spend.usd, spend.tokens, spend.calls))
        return ahead[START]

    def successors(self, node: NodeId) -> tuple[NodeId, ...]:
        """The nodes that may come next, in alphabetical order; raises UnknownNode."""
        try:
            return self._successors[node]
        except KeyError:
            raise UnknownNode(node, self.order) from None

    def predecessors(self, node: NodeId) -> tuple[NodeId, ...]:
        """The nodes that may hand work to this one; raises UnknownNode."""
        try:
            return self._predecessors[node]
        except KeyError:
            raise UnknownNode(node, self.order) from None

    @cached_property
    def layout(self) -> Layout:
        """The graph as arrays."""
        return Layout(self.order, self._successors)

    @cached_property
    def places(self) -> Mapping[AgentId, tuple[NodeId, ...]]:
        """The nodes at which each agent works (fan-outs are not looked into)."""
        found: dict[AgentId, tuple[NodeId, ...]] = {}
        for node, profile in self._profiles.items():
            found[profile.id] = (*found.get(profile.id, ()), node)
        return found

    def nodes_with(self, agents: AbstractSet[AgentId]) -> frozenset[NodeId]:
        """The nodes at which one of these agents works (fan-outs are not looked into)."""
        return frozenset(node for agent in agents for node in self.places.get(agent, ()))

    def is_optional(self, node: NodeId) -> bool:
        """Whether the node may be dropped at a loss."""
        return node in self._losses

    def loss(self, node: NodeId) -> float:
        """Quality lost when the node is dropped; zero for what cannot be."""
        return self._losses.get(node, 0.0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AgentGraph) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    def __repr__(self) -> str:
        return f"AgentGraph({self.name!r}, {len(self.nodes)} nodes, version {self.version})"

    def __reduce__(self) -> tuple[type[AgentGraph], tuple[str, GraphSpec, Profiles]]:
        return AgentGraph, (self.name, self.spec, self._used)


def _branches_of(
    name: str, nodes: Mapping[NodeId, Node], profiles: Profiles
) -> Mapping[NodeId, Mapping[str, AgentGraph]]:
    fan_outs = {node: _arms(name, node, n, profiles) for node, n in nodes.items() if isinstance(n, FanOutNode)}
    panels = {node: _members(name, node, n, profiles) for node, n in nodes.items() if isinstance(n, PanelNode)}
    return fan_outs | panels


def dearest(spends: Iterable[Spend], count: int) -> Spend:
    """What ``count`` of the spends come to at most, in each resource."""
    each = list(spends)
    usd, tokens, calls = ([getattr(spend, name) for spend in each] for name in ("usd", "tokens", "calls"))
    return Spend(*(sum(sorted(amounts, reverse=True)[:count]) for amounts in (usd, tokens, calls)))


def _members(name: str, node: NodeId, panel: PanelNode, profiles: Profiles) -> Mapping[str, AgentGraph]:
    """The agents of a panel, each as a graph of its own."""
    check_panel(node, panel, {effect for agent in panel.agents if (effect := profiles[agent].effect) is not None})
    return {
        agent: AgentGraph(f"{name}/{node}/{agent}", GraphSpec(stages=((agent,),)), profiles) for agent in panel.agents
    }


def _arms(name: str, node: NodeId, fan_out: FanOutNode, profiles: Profiles) -> Mapping[str, AgentGraph]:
    check_fan_out(node, fan_out)
    arms = {}
    for branch, arm in fan_out.branches.items():
        try:
            arms[branch] = AgentGraph(f"{name}/{node}/{branch}", arm.graph, profiles)
        except GraphError as error:
            raise InvalidFanOut(node, f"branch {branch!r}: {error}") from error
    _check_effects(node, arms)
    return arms


def _check_effects(node: NodeId, arms: Mapping[str, AgentGraph]) -> None:
    seen: dict[str, str] = {}
    for branch, arm in arms.items():
        for effect in arm.every_effect:
            if effect in seen:
                raise InvalidFanOut(
                    node, f"branches {seen[effect]!r} and {branch!r} may both do {effect!r}; only one may"
                )
            seen[effect] = branch


def _plain(value: object) -> str:
    # 0.10 and 0.1 are one price, so they must give one version.
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
