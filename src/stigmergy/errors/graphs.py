"""An agent graph that cannot be served."""

from __future__ import annotations

from stigmergy.errors.base import StigmergyError, name_some


class GraphError(StigmergyError):
    """An agent graph that cannot be served."""

    code = "graph_error"


class CycleFound(GraphError):
    """The edges form a cycle; an agent graph is acyclic."""

    code = "cycle_found"

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(cycle)
        self.cycle = cycle

    def __str__(self) -> str:
        path = " -> ".join((*self.cycle, self.cycle[0]))
        return f"the edges form a cycle: {path}; remove one of them (a panel asks agents repeatedly)"


class UnknownAgent(GraphError):
    """A node names an agent that is not declared."""

    code = "unknown_agent"

    def __init__(self, agent: str, known: tuple[str, ...]) -> None:
        super().__init__(agent, known)
        self.agent, self.known = agent, known

    def __str__(self) -> str:
        return f"no agent {self.agent!r} is declared; known agents: {name_some(self.known)}"


class DuplicateAgent(GraphError):
    """Two agents of an index share an id."""

    code = "duplicate_agent"

    def __init__(self, agent: str) -> None:
        super().__init__(agent)
        self.agent = agent

    def __str__(self) -> str:
        return f"the agent {self.agent!r} is there already; give the other one another id, or remove this one first"


class UnknownNode(GraphError):
    """An edge or a question names a node that the graph does not have."""

    code = "unknown_node"

    def __init__(self, node: str, known: tuple[str, ...]) -> None:
        super().__init__(node, known)
        self.node, self.known = node, known

    def __str__(self) -> str:
        return f"no node {self.node!r} in this graph; its nodes: {name_some(self.known)}"


class DuplicateName(GraphError):
    """Two nodes share a name, or a node has the name of START, GOAL or ESCALATION."""

    code = "duplicate_name"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        rule = "node names are unique, START and GOAL are reserved, as is ESCALATION"
        return f"the name {self.name!r} is used twice; {rule}"


class GoalUnreachable(GraphError):
    """Some nodes lie on no way from START to GOAL."""

    code = "goal_unreachable"

    def __init__(self, nodes: tuple[str, ...]) -> None:
        super().__init__(nodes)
        self.nodes = nodes

    def __str__(self) -> str:
        return f"no way from START through {name_some(self.nodes)} to GOAL; add the missing edges or remove the nodes"


class InvalidFanOut(GraphError):
    """A fan-out whose branches cannot be joined."""

    code = "invalid_fan_out"

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(node, reason)
        self.node, self.reason = node, reason

    def __str__(self) -> str:
        return f"fan-out {self.node!r}: {self.reason}"


class InvalidPanel(GraphError):
    """A panel whose agents cannot be asked one after another."""

    code = "invalid_panel"

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(node, reason)
        self.node, self.reason = node, reason

    def __str__(self) -> str:
        return f"panel {self.node!r}: {self.reason}"


class UnpricedAgent(GraphError):
    """An agent without a price: no budget could be kept."""

    code = "unpriced_agent"

    def __init__(self, agent: str) -> None:
        super().__init__(agent)
        self.agent = agent

    def __str__(self) -> str:
        return f"agent {self.agent!r} has no price; state one (a free agent states 0), or no budget can be kept"
