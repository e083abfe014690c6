"""What a graph specification says once its shorthand is spelled out, and whether it can be served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise

import networkx as nx

from stigmergy.domain import ESCALATION, GOAL, START, AgentId, NodeId
from stigmergy.errors import CycleFound, DuplicateName, GoalUnreachable, InvalidFanOut, InvalidPanel, UnknownAgent
from stigmergy.graphs.nodes import JOINS, REFINE, VOTES, AgentNode, FanOutNode, GraphSpec, Node, PanelNode

ENDS = (START, GOAL)
_RESERVED = (*ENDS, ESCALATION)


def nodes_of(spec: GraphSpec) -> dict[NodeId, Node]:
    """The declared nodes, and an agent node for every other name that an edge or a stage uses.

    A fan-out that an agent refines becomes one that concatenates, and the node of that agent.

    Raises:
        DuplicateName: a name occurs in two stages, or twice in one, or a node has a reserved name.
        InvalidFanOut: a fan-out is to be refined by nobody, or has an agent for that and another join.
    """
    staged = [name for stage in spec.stages for name in stage]
    edge_ends = [end for source, targets in spec.edges.items() for end in (source, *targets)]
    reserved = [name for name in (*spec.nodes, *staged) if name in _RESERVED]
    reserved += [name for name in edge_ends if name == ESCALATION]
    repeated = [name for name, count in Counter(staged).items() if count > 1]
    for name in (*reserved, *repeated):
        raise DuplicateName(name)
    implied = {name: AgentNode(agent=name) for name in (*staged, *edge_ends) if name not in ENDS}
    written = {**implied, **spec.nodes}
    for name in _refined(spec).values():
        if name in written:
            raise DuplicateName(name)
    return {each: node for name, node in written.items() for each, node in _spelled_out(name, node)}


def _spelled_out(name: NodeId, node: Node) -> tuple[tuple[NodeId, Node], ...]:
    if not isinstance(node, FanOutNode) or (node.join != REFINE and node.refiner is None):
        return ((name, node),)
    if node.join != REFINE or node.refiner is None:
        raise InvalidFanOut(name, "join 'refine' and 'refiner: AGENT' go together; give both or neither")
    return (
        (name, replace(node, join="concatenate", refiner=None)),
        (f"{name}.refined", AgentNode(agent=node.refiner)),
    )


def _refined(spec: GraphSpec) -> dict[NodeId, NodeId]:
    """The fan-outs that an agent refines, and the names of the nodes of those agents."""
    fan_outs = ((name, node) for name, node in spec.nodes.items() if isinstance(node, FanOutNode))
    return {name: f"{name}.refined" for name, node in fan_outs if node.join == REFINE}


def edges_of(spec: GraphSpec) -> list[tuple[NodeId, NodeId]]:
    """The declared edges and those that the stages stand for, each once, in alphabetical order."""
    edges = {(source, target) for source, targets in spec.edges.items() for target in targets}
    layers = ((START,), *spec.stages, (GOAL,)) if spec.stages else ()
    for before, after in pairwise(layers):
        edges.update((source, target) for source in before for target in after)
    refined = _refined(spec)
    return sorted({(refined.get(source, source), target) for source, target in edges} | set(refined.items()))


def digraph_of(spec: GraphSpec, nodes: Mapping[NodeId, Node]) -> nx.DiGraph[NodeId]:
    """The frozen networkx graph of a specification.

    Raises:
        CycleFound: the edges form a cycle (every edge into START or out of GOAL ends as this or as the next).
        GoalUnreachable: a node lies on no way from START to GOAL, or there is no such way.
    """
    digraph: nx.DiGraph[NodeId] = nx.DiGraph()
    digraph.add_nodes_from((START, GOAL, *sorted(nodes)))
    digraph.add_edges_from(edges_of(spec))
    _check_shape(digraph)
    nx.freeze(digraph)
    return digraph


def _check_shape(digraph: nx.DiGraph[NodeId]) -> None:
    if not nx.is_directed_acyclic_graph(digraph):
        raise CycleFound(tuple(edge[0] for edge in nx.find_cycle(digraph)))
    below_start, above_goal = nx.descendants(digraph, START), nx.ancestors(digraph, GOAL)
    lost = tuple(node for node in digraph if node not in ENDS and not (node in below_start and node in above_goal))
    if lost or GOAL not in below_start:
        raise GoalUnreachable(lost or (START,))


def check_agents(nodes: Mapping[NodeId, Node], escalation: AgentId | None, declared: Mapping[AgentId, object]) -> None:
    """Refuse names of agents that nobody declared; raises UnknownAgent for the first one."""
    named = [node.agent for node in nodes.values() if isinstance(node, AgentNode)]
    named += [agent for node in nodes.values() if isinstance(node, PanelNode) for agent in node.agents]
    for agent in (*named, *([] if escalation is None else [escalation])):
        if agent not in declared:
            raise UnknownAgent(agent, tuple(declared))


def check_panel(name: NodeId, node: PanelNode, effects: AbstractSet[str]) -> None:
    """Refuse a panel that cannot be asked; ``effects`` are its agents' side effects. Raises InvalidPanel."""
    if not node.agents:
        raise InvalidPanel(name, "it has no agents; give it at least one")
    repeated = [agent for agent, count in Counter(node.agents).items() if count > 1]
    for agent in repeated:
        raise InvalidPanel(name, f"agent {agent!r} is named twice; each is asked once at most")
    if not 1 <= node.most <= len(node.agents):
        raise InvalidPanel(name, f"max_asks {node.most}: it must be from 1 to its {len(node.agents)} agents")
    for part in (name, *node.agents):
        if not part or "/" in part:
            raise InvalidPanel(name, f"the name {part!r} is empty or has a '/', which separates branches in paths")
    if effects:
        raise InvalidPanel(name, f"its agents may do {min(effects)!r}, and a panel asks several for the same work")


def check_fan_out(name: NodeId, node: FanOutNode) -> None:
    """Refuse a fan-out that cannot be run or joined; raises InvalidFanOut."""
    if not node.branches:
        raise InvalidFanOut(name, "it has no branches; give it at least one")
    if not any(branch.required for branch in node.branches.values()):
        raise InvalidFanOut(name, "every branch is optional; at least one must be required")
    _check_names(name, node)
    _check_join(name, node)


def _check_names(name: NodeId, node: FanOutNode) -> None:
    for part in (name, *node.branches):
        if not part or "/" in part:
            raise InvalidFanOut(name, f"the name {part!r} is empty or has a '/', which separates branches in paths")
    for branch, arm in node.branches.items():
        if arm.graph.escalation is not None:
            reason = "a lost branch is answered by the outer graph; declare the escalation agent there"
            raise InvalidFanOut(name, f"branch {branch!r} has an escalation agent; {reason}")


def _check_join(name: NodeId, node: FanOutNode) -> None:
    if node.join not in JOINS:
        raise InvalidFanOut(name, f"join {node.join!r} is unknown; known: {', '.join((*JOINS, REFINE))}")
    if node.stop_at is not None and (node.join not in VOTES or not 0 < node.stop_at <= 1):
        raise InvalidFanOut(name, f"stop_at {node.stop_at} with join {node.join!r}: it is a share in (0, 1] of a vote")
