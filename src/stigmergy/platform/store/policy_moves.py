"""How policies change stage, the same in every store. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from stigmergy.errors import PolicyMoved
from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Stage, replaced

ALLOWED: Final[Mapping[Stage, frozenset[Stage]]] = {
    Stage.CANDIDATE: frozenset({Stage.SHADOW, Stage.RETIRED}),
    Stage.SHADOW: frozenset({Stage.CANARY, Stage.ACTIVE, Stage.RETIRED}),
    Stage.CANARY: frozenset({Stage.CANARY, Stage.SHADOW, Stage.ACTIVE, Stage.RETIRED}),
    Stage.ACTIVE: frozenset({Stage.RETIRED}),
    Stage.RETIRED: frozenset({Stage.SHADOW, Stage.ACTIVE}),
}
"""From where to where. A retired policy may decide again at once only where it did before."""


def registered(known: Collection[PolicyRecord], policy: NewPolicy, at: datetime) -> PolicyRecord:
    """The record of a new policy among those ``known`` of its router; the known one where nothing about it is new."""
    for record in known:
        if (record.policy.fingerprint, record.policy.document) == (policy.fingerprint, policy.document):
            return record
    version = 1 + max((record.version for record in known), default=0)
    return PolicyRecord(
        policy=policy,
        version=version,
        stage=Stage.CANDIDATE,
        share=0.0,
        reason="registered",
        created_at=at,
        changed_at=at,
    )


def moved(record: PolicyRecord, known: Collection[PolicyRecord], move: Move, at: datetime) -> PolicyRecord:
    """The record after the move.

    Raises:
        PolicyMoved: it stands elsewhere by now, cannot go there from here, or another one is there.
    """
    if record.stage is not move.seen:
        raise PolicyMoved(record.name, f"it is {record.stage} by now, not {move.seen}")
    if move.to not in ALLOWED[record.stage] or _never_decided(record, move):
        raise PolicyMoved(record.name, f"from {record.stage} it cannot become {move.to}")
    for other in known:
        if other.stage is move.to and other.version != record.version and move.to in (Stage.SHADOW, Stage.CANARY):
            raise PolicyMoved(record.name, f"{other.name} is {move.to}; retire it first")
    if (move.to is Stage.CANARY) != (0.0 < move.share <= 1.0):
        raise PolicyMoved(
            record.name, f"a canary has a share of traffic above 0 and up to 1, others none: {move.share}"
        )
    activated = at if move.to is Stage.ACTIVE else record.activated_at
    return replace(record, stage=move.to, share=move.share, reason=move.reason, changed_at=at, activated_at=activated)


def replaced_by(record: PolicyRecord, known: Collection[PolicyRecord], at: datetime) -> tuple[PolicyRecord, ...]:
    """Who is retired because ``record`` is active now."""
    if record.stage is not Stage.ACTIVE:
        return ()
    return tuple(
        replace(other, stage=Stage.RETIRED, share=0.0, reason=replaced(record.name), changed_at=at)
        for other in known
        if other.stage is Stage.ACTIVE and other.version != record.version
    )


def _never_decided(record: PolicyRecord, move: Move) -> bool:
    return record.stage is Stage.RETIRED and move.to is Stage.ACTIVE and record.activated_at is None
