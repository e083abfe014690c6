"""What has to be shown before a policy decides: a part of the traffic, then all of it. Pure."""

from __future__ import annotations

from stigmergy.errors import PromotionRefused
from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.platform.learning.off_policy.estimating import Judgement
from stigmergy.platform.learning.off_policy.estimators import DECIDING
from stigmergy.platform.policies.canary_record import LEAST_JUDGED, Comparison
from stigmergy.platform.policies.evidence import Evidence


def admit_canary(policy: str, evidence: Evidence) -> str:
    """Say why a policy may decide a share of the traffic: on no graph is it significantly worse.

    Raises:
        PromotionRefused: it is, or what was logged does not tell.
    """
    for graph, gain in _gains(policy, evidence):
        if gain.high < 0.0:
            raise PromotionRefused(policy, f"on {graph} it loses against who decides: gain {shown(gain)}")
    return _reason(policy, evidence)


def admit_active(policy: str, evidence: Evidence, comparison: Comparison | None, violations: int) -> str:
    """Say why a policy may take over: on every graph that it looked on, its gain is above zero.

    Args:
        policy: its name.
        evidence: of its time as shadow.
        comparison: what it came to as canary; None: it was none.
        violations: how many of its episodes were charged more than their budget.

    Raises:
        PromotionRefused: says what is not shown.
    """
    if violations:
        raise PromotionRefused(policy, f"{violations} of its episodes were charged more than their budget")
    for graph, gain in _gains(policy, evidence):
        if gain.low <= 0.0:
            raise PromotionRefused(policy, f"on {graph} its gain is not shown to be above zero: {shown(gain)}")
    if comparison is not None:
        _hold_against(policy, comparison)
    return _reason(policy, evidence)


def shown(gain: Interval) -> str:
    """A gain with its 95 % interval."""
    return f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def _hold_against(policy: str, comparison: Comparison) -> None:
    difference = comparison.difference
    if difference is None:
        few = f"{comparison.canary} judged episodes of its own and {comparison.base} of who decides"
        raise PromotionRefused(policy, f"there are only {few}; at least {LEAST_JUDGED} of each are compared")
    if difference.high < 0.0:
        raise PromotionRefused(policy, f"as canary it did worse than who decides: {shown(difference)}")


def _gains(policy: str, evidence: Evidence) -> list[tuple[str, Interval]]:
    if not evidence.judgements:
        raise PromotionRefused(
            policy, "it has looked on no episode yet that was judged; let it be a shadow for a while"
        )
    for graph, judgement in evidence.judgements.items():
        if judgement.refused:
            raise PromotionRefused(policy, f"on {graph} the log does not tell: {judgement.refused}")
    return [(graph, gain_of(judgement)) for graph, judgement in evidence.judgements.items()]


def gain_of(judgement: Judgement) -> Interval:
    """The gain that decisions are made on; the judgement was not refused."""
    return judgement.gains[DECIDING]


def _reason(policy: str, evidence: Evidence) -> str:
    gains = ", ".join(f"{shown(gain)} on {graph}" for graph, gain in _gains(policy, evidence))
    return f"gain {gains}, from {sum(evidence.episodes.values())} episodes"
