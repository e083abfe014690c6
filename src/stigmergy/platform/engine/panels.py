"""Panels: agents asked one at a time. A rule decides whom, and when to stop; each ask is a branch of its own."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from stigmergy.agents.base import Reply
from stigmergy.agents.joins import canonical
from stigmergy.domain import NO_USAGE, START, AgentId, NodeId
from stigmergy.graphs.cost_to_go import sums
from stigmergy.graphs.nodes import PanelNode
from stigmergy.platform.engine.lines import Line, path_of
from stigmergy.platform.engine.run import Run
from stigmergy.platform.engine.surroundings import Ahead, view_of
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.branches import delivered
from stigmergy.platform.episode.state import AwaitBranches, CallAgent, Command, Deliberate, EpisodeState
from stigmergy.platform.healing import failed_agents
from stigmergy.platform.health import HealthBoard
from stigmergy.routers.evidence.agreement import AgreementRule
from stigmergy.routers.evidence.router import Ask, Given, PanelRule, PanelState, Stop
from stigmergy.routers.feasibility import Closed, Mask

logger = logging.getLogger(__name__)

BUILT_IN: Final = AgreementRule()
"""Decides for panels that name no rule, and where a rule fails."""
Commands: TypeAlias = tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class _Open:
    """Whom of a panel the mask lets through, and why the others may not be asked."""

    agents: frozenset[AgentId]
    refused: tuple[tuple[AgentId, str], ...]


class Panels:
    """Takes the decisions of panels. What an asked agent does is driven as any branch of an episode."""

    def __init__(self, mask: Mask, health: HealthBoard, rules: Mapping[str, PanelRule], rng: random.Random) -> None:
        self._mask = mask
        self._health = health
        self._rules = rules
        self._rng = rng

    def deliberate(self, run: Run, command: CallAgent | Deliberate) -> Commands:
        """Ask one more agent, or commit the panel's answer, or give the panel up; returns what has to be done next."""
        line = run.lines(command.branch)[-1]
        panel = line.graph.panels[command.node]
        found = self._open(run, line, command)
        state = _panel_state(run, line, panel, found.agents)
        rule, decision = self._decided(panel, state)
        if isinstance(decision, Ask):
            return run.apply(
                ev.PanelAsked(
                    node=command.node,
                    agent=decision.agent,
                    rule=rule,
                    probability=decision.propensity,
                    advantage=decision.advantage,
                    checks_unanimity=decision.checks_unanimity,
                    refused=found.refused,
                    overlay_version=self._health.overlay().version,
                    branch=command.branch,
                )
            )
        return run.apply(_stopped(line.state, command, rule, decision, found))

    def go_on(self, run: Run, command: AwaitBranches) -> Commands:
        """As ``deliberate``, for a panel whose agent another process asked: it goes on where it stood."""
        state = run.lines(command.branch)[-1].state
        (asked,) = (name for name, each in state.branches.items() if each.alive)
        return (run.left_open.pop(path_of(command.branch, command.node, asked)),)

    def _decided(self, panel: PanelNode, state: PanelState) -> tuple[str, Ask | Stop]:
        """The rule that decided, and its decision.

        The built-in rule takes over from one that asks somebody who may not be asked, and from one that would stop
        without any answer although somebody may: it may know but some of the panel's agents.
        """
        rule = self._rules[panel.rule] if panel.rule else BUILT_IN
        may_ask = state.available if state.asks_left else frozenset()
        try:
            decision = rule.decide(state, self._rng)
            if decision.agent in may_ask if isinstance(decision, Ask) else decision.answer is not None or not may_ask:
                return rule.version, decision
            logger.warning("rule %s cannot have its way on a panel: %s", rule.version, decision)
        except Exception:  # a rule is a plug-in: whatever it raises, the built-in one takes over
            logger.exception("rule %s of a panel failed", rule.version)
        return BUILT_IN.version, BUILT_IN.decide(state, self._rng)

    def _open(self, run: Run, line: Line, command: CallAgent | Deliberate) -> _Open:
        """The mask of a panel: up, not failed around it, and paid for together with the way on."""
        view = view_of(run, command.branch, self._mask, self._health.overlay())
        overlay = view.overlay.without(failed_agents(line.graph, line.state))
        ahead = Ahead(self._mask, view.overlay, view.locked)
        aside = sums(ahead.way_on(line.graph, line.state, command.node), view.around.earmarks)
        held = run.state.charged + run.state.reserved
        allowed, refused = [], []
        for agent, arm in line.graph.branches[command.node].items():
            if agent in line.state.branches:
                continue
            needs = self._mask.ahead(arm, START, Closed(overlay=overlay, locked_effects=view.locked))
            if any(run.task.budget.allows(held + each) for each in sums(needs, aside)):
                allowed.append(agent)
            else:
                refused.append((agent, "too little is left to ask it" if needs else "down, or failed before"))
        return _Open(frozenset(allowed), tuple(refused))


def _panel_state(run: Run, line: Line, panel: PanelNode, available: frozenset[AgentId]) -> PanelState:
    """What the rule sees. After the deadline nobody more is asked: what there is has to do."""
    left = run.seconds_left()
    late = left is not None and left <= 0
    return PanelState(
        mixture=run.features.mixture,
        characters=len(run.task.text),
        given={agent: _given(asked) for agent, asked in line.state.branches.items()},
        available=available,
        worst_case_usd={
            agent: float(line.graph.branches[_at(line)][agent].worst_case(agent).usd) for agent in available
        },
        asks_left=0 if late else panel.most - len(line.state.branches),
    )


def _at(line: Line) -> NodeId:
    return str(line.state.target)


def _given(asked: EpisodeState) -> Given:
    """What an agent gave; no answer where its call failed, or where it says that it has none."""
    if not asked.replies:
        return Given(None, 0, float(asked.charged.usd))
    reply = asked.replies[-1]
    return Given(_answer(reply), reply.usage.output_tokens, float(asked.charged.usd))


def _answer(reply: Reply) -> str | None:
    return canonical(reply) if reply.answered else None


def _stopped(
    state: EpisodeState, command: CallAgent | Deliberate, rule: str, stop: Stop, found: _Open
) -> ev.Joined | ev.Cornered:
    """The panel's answer; where no call of it succeeded there is nothing to commit."""
    replies = {agent: state.branches[agent].replies[-1] for agent in delivered(state)}
    if not replies:
        lost = tuple((agent, branch.reason) for agent, branch in state.branches.items())
        return ev.Cornered(position=state.position, reasons=(*lost, *found.refused), branch=command.branch)
    chosen = next((reply for reply in replies.values() if _answer(reply) == stop.answer), next(iter(replies.values())))
    used = sum((branch.usage for branch in state.branches.values()), NO_USAGE)
    reply = replace(chosen, node=command.node, agent="", usage=used, canonical=stop.answer, confidence=stop.confidence)
    return ev.Joined(
        node=command.node,
        rule=rule,
        joined=tuple(replies),
        reply=reply,
        probability=stop.propensity,
        branch=command.branch,
    )
