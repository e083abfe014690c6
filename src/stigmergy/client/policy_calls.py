"""The doors of policies: what is sent, and the model that the reply is read as. Pure; used by both clients."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from stigmergy.client.calls import asked_as, json_of, quoted
from stigmergy.client.protocol import Call
from stigmergy.wire_policies import (
    NewPolicyRequest,
    PoliciesModel,
    PolicyEvidenceModel,
    PolicyStep,
    PolicyStepRequest,
    RegisteredPolicyModel,
)

_PATH: Final = "/v1/policies"
_JUDGED_WITHIN_S: Final = 300.0
"""A policy is judged by every episode that it looked on."""


def register_call(
    router: str,
    artifact: bytes,
    document: Mapping[str, Any],
    metrics: Mapping[str, Any] | None,
    lineage: Mapping[str, Any] | None,
) -> Call[RegisteredPolicyModel]:
    """``POST /v1/policies``; raises RequestError for what is no policy."""
    parts = {
        "router": router,
        "document": document,
        "artifact": base64.b64encode(artifact),
        "metrics": metrics or {},
        "lineage": lineage or {},
    }
    body = json_of(asked_as(NewPolicyRequest, parts))
    return Call(reply=RegisteredPolicyModel, method="POST", path=_PATH, body=body)


def list_call(router: str | None) -> Call[PoliciesModel]:
    """``GET /v1/policies``."""
    return Call(reply=PoliciesModel, path=_PATH, query={} if router is None else {"router": router})


def show_call(router: str, version: int) -> Call[PolicyEvidenceModel]:
    """``GET /v1/policies/{router}/{version}``."""
    return Call(reply=PolicyEvidenceModel, path=_path(router, version), server_waits_s=_JUDGED_WITHIN_S)


def step_call(
    router: str, version: int, step: PolicyStep, share: float | None = None, reason: str = ""
) -> Call[RegisteredPolicyModel]:
    """``POST /v1/policies/{router}/{version}/{step}``; raises RequestError for a share outside (0, 1]."""
    body = json_of(asked_as(PolicyStepRequest, {"share": share, "reason": reason}))
    path = f"{_path(router, version)}/{step}"
    return Call(reply=RegisteredPolicyModel, method="POST", path=path, body=body, server_waits_s=_JUDGED_WITHIN_S)


def _path(router: str, version: int) -> str:
    return f"{_PATH}/{quoted(router)}/{version}"
