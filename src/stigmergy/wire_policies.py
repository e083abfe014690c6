"""What travels over HTTP about policies: one set of models for server and client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from pydantic import Base64Bytes, Field

from stigmergy.wire import Asked, Told

MAX_POLICY_BYTES: Final = 64_000_000
"""Of a whole request that registers one; its artifact is written in base64."""

PolicyStep: TypeAlias = Literal["shadow", "canary", "promote", "rollback", "retire"]
"""What can be done with a policy."""


class NewPolicyRequest(Asked):
    """A policy to be registered.

    ``document`` is its own router as under ``routers`` in the configuration, without the path of its ``artifact``.
    """

    router: str = Field(min_length=1, max_length=255)
    document: Mapping[str, Any]
    artifact: Base64Bytes
    metrics: Mapping[str, Any] = Field(default_factory=dict)
    lineage: Mapping[str, Any] = Field(default_factory=dict)


class PolicyStepRequest(Asked):
    """``share`` of the tasks in (0, 1], for a canary; ``reason`` where a policy is taken back."""

    share: float | None = Field(default=None, gt=0, le=1, allow_inf_nan=False)
    reason: str = Field(default="", max_length=10_000)


class RegisteredPolicyModel(Told):
    """A policy and how far it is trusted; ``problem``: why it does not serve in the gateway that answers."""

    name: str
    router: str
    version: int
    stage: str
    share: float
    reason: str
    fingerprint: str
    document: Mapping[str, Any]
    metrics: Mapping[str, Any]
    lineage: Mapping[str, Any]
    created_at: datetime
    changed_at: datetime
    activated_at: datetime | None = None
    problem: str = ""


class PoliciesModel(Told):
    """Policies by router, the newest first."""

    policies: tuple[RegisteredPolicyModel, ...]


class IntervalModel(Told):
    """A figure with its 95 % interval."""

    mean: float
    low: float
    high: float


class GraphEvidenceModel(Told):
    """What a policy would have gained on a graph over who decided there; ``refused`` says why that is not known."""

    graph: str
    episodes: int
    effective_sample_size: float
    unsupported: float
    gain: IntervalModel | None = None
    refused: str = ""


class CanaryEvidenceModel(Told):
    """Judged episodes of a canary and of who decides else; ``difference`` in reward, None where there are too few."""

    episodes: int
    others: int
    difference: IntervalModel | None = None
    violations: int = 0


class PolicyEvidenceModel(Told):
    """A policy and what is known of it. ``agreement``: how likely it would have done what was done."""

    policy: RegisteredPolicyModel
    hops: int
    agreement: float | None = None
    graphs: tuple[GraphEvidenceModel, ...] = ()
    canary: CanaryEvidenceModel | None = None
