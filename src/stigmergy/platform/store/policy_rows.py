"""Policies to table rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy import RowMapping

from stigmergy.platform.policy_records import NewPolicy, PolicyRecord, Shadowed, Stage

Row: TypeAlias = dict[str, Any]


def policy_row(record: PolicyRecord) -> Row:
    """A policy as a row of ``policies``."""
    return {
        "router": record.policy.router,
        "version": record.version,
        "stage": record.stage.value,
        "share": record.share,
        "reason": record.reason,
        "fingerprint": record.policy.fingerprint,
        "document": dict(record.policy.document),
        "metrics": dict(record.policy.metrics),
        "lineage": dict(record.policy.lineage),
        "created_at": record.created_at,
        "changed_at": record.changed_at,
        "activated_at": record.activated_at,
    }


def policy_record(stored: Mapping[str, Any] | RowMapping) -> PolicyRecord:
    """A row of ``policies`` as a record."""
    policy = NewPolicy(
        router=stored["router"],
        document=stored["document"],
        fingerprint=stored["fingerprint"],
        metrics=stored["metrics"],
        lineage=stored["lineage"],
    )
    return PolicyRecord(
        policy=policy,
        version=stored["version"],
        stage=Stage(stored["stage"]),
        share=stored["share"],
        reason=stored["reason"],
        created_at=stored["created_at"],
        changed_at=stored["changed_at"],
        activated_at=stored["activated_at"],
    )


def shadow_row(noted: Shadowed) -> Row:
    """What a shadow would have done as a row of ``policy_shadows``."""
    return {
        "policy": noted.policy,
        "episode_id": noted.episode_id,
        "seq": noted.seq,
        "probabilities": dict(noted.probabilities),
    }


def shadow_record(stored: Mapping[str, Any] | RowMapping) -> Shadowed:
    """A row of ``policy_shadows`` as a record."""
    return Shadowed(stored["episode_id"], stored["seq"], stored["policy"], stored["probabilities"])
