"""The three topologies as a careful engineer writes them in LangGraph: every step, every fallback, by hand.

Each stage falls back to the alternative that the topology names, and to a person when that fails as well; what is
optional is left out and named. What a step must know to be skipped (known to be down, needs an approval) its node asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import add
from typing import Annotated, Any, Final, TypeAlias, TypedDict

from langgraph.graph import END, START, StateGraph

Use: TypeAlias = Callable[[str], str | None]
"""Calls the tool of this name: None when it worked, else what went wrong."""


class State(TypedDict):
    """What flows through a workflow: tools that worked, what went wrong by tool, how it ended, and without what."""

    done: Annotated[list[str], add]
    errors: Annotated[list[tuple[str, str]], add]
    status: str
    left_out: list[str]


Workflow: TypeAlias = "StateGraph[State, None, State, State]"


def support(use: Use) -> Workflow:
    """CRM, then Stripe or Razorpay, then Email or SMS."""
    flow = _with_ends(())
    flow.add_edge(START, "crm")
    _step(flow, use, "crm", then="stripe", otherwise="hand_over")
    _step(flow, use, "stripe", then="email", otherwise="razorpay")
    _step(flow, use, "razorpay", then="email", otherwise="hand_over")
    _step(flow, use, "email", then="close", otherwise="sms")
    _step(flow, use, "sms", then="close", otherwise="hand_over")
    return flow


def travel(use: Use) -> Workflow:
    """Flight or Train, Hotel or Hostel, Car or Bus, Payment, Confirm if it can be had."""
    flow = _with_ends(("confirm",))
    flow.add_edge(START, "flight")
    _step(flow, use, "flight", then="hotel", otherwise="train")
    _step(flow, use, "train", then="hotel", otherwise="hand_over")
    _step(flow, use, "hotel", then="car", otherwise="hostel")
    _step(flow, use, "hostel", then="car", otherwise="hand_over")
    _step(flow, use, "car", then="payment", otherwise="bus")
    _step(flow, use, "bus", then="payment", otherwise="hand_over")
    _step(flow, use, "payment", then="confirm", otherwise="hand_over")
    _step(flow, use, "confirm", then="close", otherwise="close")
    return flow


def moderation(use: Use) -> Workflow:
    """Five checks side by side; text, image and history have to be there."""
    flow = _with_ends(("toxicity", "spam"))
    checks = ["text", "image", "history", "toxicity", "spam"]
    for check in checks:
        _add(flow, use, check)
        flow.add_edge(START, check)
    flow.add_node("decide", lambda _state: {})
    flow.add_edge(checks, "decide")
    required = {"text", "image", "history"}
    flow.add_conditional_edges(
        "decide",
        lambda state: "close" if required <= set(state["done"]) and not _held(state) else "hand_over",
        ["close", "hand_over"],
    )
    return flow


WORKFLOWS: Final[Mapping[str, Callable[[Use], Workflow]]] = {
    "support": support,
    "travel": travel,
    "moderation": moderation,
}
HELD: Final = "held: "
"""How the error of a step begins that needs the approval of a person."""


def _with_ends(optional: tuple[str, ...]) -> Workflow:
    """A workflow with its two ends: closed, perhaps without something optional, and handed over to a person."""

    def close(state: State) -> dict[str, Any]:
        left_out = [tool for tool in optional if tool not in state["done"]]
        return {"status": "demoted" if left_out else "completed", "left_out": left_out}

    flow: Workflow = StateGraph(State)
    flow.add_node("close", close)
    flow.add_node("hand_over", lambda _state: {"status": "escalated"})
    flow.add_edge("close", END)
    flow.add_edge("hand_over", END)
    return flow


def _step(flow: Workflow, use: Use, tool: str, *, then: str, otherwise: str) -> None:
    def onward(state: State) -> str:
        if _held(state):
            return "hand_over"
        return then if tool in state["done"] else otherwise

    _add(flow, use, tool)
    flow.add_conditional_edges(tool, onward, sorted({then, otherwise, "hand_over"}))


def _add(flow: Workflow, use: Use, tool: str) -> None:
    def call(state: State) -> dict[str, Any]:
        del state
        error = use(tool)
        return {"done": [tool]} if error is None else {"errors": [(tool, error)]}

    flow.add_node(tool, call)


def _held(state: State) -> bool:
    return any(error.startswith(HELD) for _, error in state["errors"])
