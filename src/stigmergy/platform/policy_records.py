"""What is kept of policies: trained artifacts that would take the place of a configured router."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from stigmergy.domain import EpisodeId


class Stage(StrEnum):
    """How far a policy is trusted."""

    CANDIDATE = "candidate"
    """It is there, and does nothing."""
    SHADOW = "shadow"
    """It scores every request beside the policy that decides."""
    CANARY = "canary"
    """It decides a share of the traffic."""
    ACTIVE = "active"
    """It decides."""
    RETIRED = "retired"
    """It was withdrawn, or another one took its place."""

    @property
    def serves(self) -> bool:
        """Whether gateways have it loaded."""
        return self in (Stage.SHADOW, Stage.CANARY, Stage.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPolicy:
    """A policy to be registered.

    Attributes:
        router: the configured router whose place it would take.
        document: its own router as in the configuration file; the path of the artifact is left out.
        fingerprint: sha256 of the artifact's bytes.
        metrics: what it reached when it was judged.
        lineage: which policy and which episodes it was made of.
    """

    router: str
    document: Mapping[str, Any]
    fingerprint: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    lineage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRecord:
    """A registered policy and where it stands; ``share`` of traffic in [0, 1], above zero for a canary alone."""

    policy: NewPolicy
    version: int
    stage: Stage
    share: float
    reason: str
    created_at: datetime
    changed_at: datetime
    activated_at: datetime | None = None

    @property
    def name(self) -> str:
        """As episodes name it: ``router@version``."""
        return f"{self.policy.router}@{self.version}"


def replaced(name: str) -> str:
    """The reason of a policy that was retired because the one of this name became active."""
    return f"replaced by {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of stage that somebody wants, from where they saw the policy stand."""

    seen: Stage
    to: Stage
    share: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What a shadow policy would have done at one hop of an episode; probabilities by node, as the hop's own."""

    episode_id: EpisodeId
    seq: int
    policy: str
    probabilities: Mapping[str, float]
