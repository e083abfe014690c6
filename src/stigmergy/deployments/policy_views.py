"""Policies as they travel."""

from __future__ import annotations

from collections.abc import Mapping

from stigmergy import wire_policies as wire
from stigmergy.platform.learning.evaluation.bootstrap import Interval
from stigmergy.platform.learning.off_policy.estimating import Judgement
from stigmergy.platform.policies.desk import Shown
from stigmergy.platform.policies.evidence import Evidence
from stigmergy.platform.policies.gate import gain_of
from stigmergy.platform.policy_records import PolicyRecord


def policy_model(record: PolicyRecord, problem: str = "") -> wire.RegisteredPolicyModel:
    """A policy and where it stands."""
    return wire.RegisteredPolicyModel(
        name=record.name,
        router=record.policy.router,
        version=record.version,
        stage=record.stage.value,
        share=record.share,
        reason=record.reason,
        fingerprint=record.policy.fingerprint,
        document=record.policy.document,
        metrics=record.policy.metrics,
        lineage=record.policy.lineage,
        created_at=record.created_at,
        changed_at=record.changed_at,
        activated_at=record.activated_at,
        problem=problem,
    )


def evidence_model(shown: Shown, problem: str = "") -> wire.PolicyEvidenceModel:
    """A policy and what is known of it."""
    evidence, comparison = shown.evidence, shown.comparison
    canary = None
    if comparison is not None:
        canary = wire.CanaryEvidenceModel(
            episodes=comparison.canary,
            others=comparison.base,
            difference=_interval(comparison.difference),
            violations=shown.violations,
        )
    return wire.PolicyEvidenceModel(
        policy=policy_model(shown.record, problem),
        hops=evidence.hops,
        agreement=evidence.agreement,
        graphs=tuple(
            _graph(graph, evidence.episodes[graph], judgement) for graph, judgement in evidence.judgements.items()
        ),
        canary=canary,
    )


def policy_gauges(known: Mapping[str, Evidence]) -> dict[str, float]:
    """What is known of policies that are tried, by the name and labels of its series.

    The gain is that of the promotion gate, with its 95 % interval; a judgement that was refused has none.
    """
    gauges = {}
    for name, evidence in known.items():
        if evidence.agreement is not None:
            gauges[f'policy_agreement{{version="{name}"}}'] = evidence.agreement
        for graph, judgement in evidence.judgements.items():
            if judgement.refused:
                continue
            gain = gain_of(judgement)
            for bound, value in (("low", gain.low), ("mean", gain.mean), ("high", gain.high)):
                gauges[f'policy_gain{{version="{name}",graph="{graph}",bound="{bound}"}}'] = value
    return gauges


def _graph(graph: str, episodes: int, judgement: Judgement) -> wire.GraphEvidenceModel:
    return wire.GraphEvidenceModel(
        graph=graph,
        episodes=episodes,
        effective_sample_size=judgement.effective_sample_size,
        unsupported=judgement.unsupported,
        gain=None if judgement.refused else _interval(gain_of(judgement)),
        refused=judgement.refused,
    )


def _interval(found: Interval | None) -> wire.IntervalModel | None:
    return None if found is None else wire.IntervalModel(mean=found.mean, low=found.low, high=found.high)
