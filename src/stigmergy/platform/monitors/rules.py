"""The four monitors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import takewhile

from stigmergy.domain import ESCALATION, UNKNOWN_TYPE, AgentId, TaskType
from stigmergy.platform.monitors.base import (
    INTENT,
    PROGRESS,
    RISK_APPROVAL,
    RISK_VETO,
    TOOL_HEALTH,
    Monitor,
    NextHop,
    Ruling,
    Verdict,
)
from stigmergy.platform.monitors.configs import MonitorsConfig, ProgressConfig, RiskRule


def monitors_of(config: MonitorsConfig) -> tuple[Monitor, ...]:
    """The monitors of a graph, by falling priority."""
    # What nothing was said about would look at every hop for nothing.
    return (
        ToolHealth(config.min_success_rate),
        *(Risk(rule) for rule in config.risk),
        *((Intent(config.intent, config.intent_share),) if config.intent else ()),
        *((Progress(config.progress),) if config.progress != ProgressConfig() else ()),
    )


@dataclass(frozen=True, slots=True)
class ToolHealth:
    """Vetoes an agent that is down (since the hop was chosen, say: an approval may take hours), or fails too often."""

    min_success_rate: float = 0.0

    def look(self, hop: NextHop) -> Verdict | None:
        """See ``Monitor``."""
        if not hop.condition.available:
            reason = "it is down"
        elif hop.condition.success_rate < self.min_success_rate:
            reason = f"{hop.condition.success_rate:.0%} of its calls went well, below {self.min_success_rate:.0%}"
        else:
            return None
        return Verdict(monitor="tool_health", priority=TOOL_HEALTH, ruling=Ruling.VETO, reason=reason)


@dataclass(frozen=True, slots=True)
class Intent:
    """Vetoes an agent whose task types have too small a share of the query's mixture."""

    serves: Mapping[AgentId, tuple[TaskType, ...]]
    least_share: float

    def look(self, hop: NextHop) -> Verdict | None:
        """See ``Monitor``."""
        types, mixture = self.serves.get(hop.agent.id), hop.features.mixture
        if types is None or UNKNOWN_TYPE in mixture:
            return None
        share = sum(mixture.get(each, 0.0) for each in types)
        if share >= self.least_share:
            return None
        likeliest = max(mixture, key=lambda each: mixture[each])
        reason = f"it serves {', '.join(types) or 'nothing'}, and the task is {likeliest} ({mixture[likeliest]:.0%})"
        return Verdict(monitor="intent", priority=INTENT, ruling=Ruling.VETO, reason=reason)


@dataclass(frozen=True, slots=True)
class Risk:
    """Vetoes a risky hop, or has somebody approve it."""

    rule: RiskRule

    def look(self, hop: NextHop) -> Verdict | None:
        """See ``Monitor``."""
        rule = self.rule
        if rule.agent != hop.agent.id:
            return None
        found = (_labelled(rule, hop), _spending(rule, hop))
        if None in found:
            return None
        reason = " and ".join(filter(None, found)) or "every hop to it is risky"
        ruling = Ruling(rule.then)
        priority = RISK_VETO if ruling is Ruling.VETO else RISK_APPROVAL
        return Verdict(monitor="risk", priority=priority, ruling=ruling, reason=reason)


@dataclass(frozen=True, slots=True)
class Progress:
    """Vetoes every further hop of a line that goes round; the escalation agent may still be asked."""

    limits: ProgressConfig

    def look(self, hop: NextHop) -> Verdict | None:
        """See ``Monitor``."""
        reason = None if hop.node == ESCALATION else next(self._stuck(hop), None)
        if reason is None:
            return None
        return Verdict(monitor="progress", priority=PROGRESS, ruling=Ruling.VETO, reason=reason)

    def _stuck(self, hop: NextHop) -> Iterator[str]:
        limits, state = self.limits, hop.state
        if limits.max_left_out is not None and len(state.excluded) > limits.max_left_out:
            yield f"{len(state.excluded)} nodes had to be left out already"
        unanswered = len(list(takewhile(lambda reply: not reply.answered, reversed(state.replies))))
        if limits.max_unanswered is not None and unanswered > limits.max_unanswered:
            yield f"the last {unanswered} agents could not do the work"
        said = Counter((reply.agent, reply.text) for reply in state.replies)
        (agent, _), times = said.most_common(1)[0] if said else (("", ""), 0)
        if limits.max_same_replies is not None and times > limits.max_same_replies:
            yield f"{agent} said the same {times} times"


def _labelled(rule: RiskRule, hop: NextHop) -> str | None:
    """Why what the rule says of a label holds: empty when it says nothing, None when it does not hold."""
    if rule.label is None:
        return ""
    stated = tuple(_stated(rule.label, hop))
    if rule.above is None:
        return next((f"{rule.label} is {each}" for each in stated if str(each) in rule.among), None)
    return _too_much(rule.label, rule.above, stated)


def _too_much(label: str, limit: Decimal, stated: Iterable[object]) -> str | None:
    known = False
    for each in stated:
        known, amount = True, _number(each)
        if amount is None:
            return f"{label} is {each}, which is no number"
        if amount > limit:
            return f"{label} {amount} is above {limit}"
    return None if known else f"{label} is stated nowhere"


def _spending(rule: RiskRule, hop: NextHop) -> str | None:
    if rule.spend_above_usd is None:
        return ""
    after = hop.state.charged.usd + hop.agent.worst_case().usd
    return f"the episode may come to {after} USD" if after > rule.spend_above_usd else None


def _stated(label: str, hop: NextHop) -> Iterator[object]:
    if label in hop.task.labels:
        yield hop.task.labels[label]
    yield from (reply.data[label] for reply in hop.state.replies if label in reply.data)


def _number(stated: object) -> Decimal | None:
    try:
        number = Decimal(str(stated).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
