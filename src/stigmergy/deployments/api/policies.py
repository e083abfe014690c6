"""Trained policies: registered, looked at, and moved from stage to stage by operators."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, assert_never

from fastapi import APIRouter, Depends, Path, Request, Response

from stigmergy import wire_policies as wire
from stigmergy.deployments.api.accepting import parsed, read_body, storable
from stigmergy.deployments.api.asking import expect_operator
from stigmergy.deployments.api.schema import asks, may_take, refusals
from stigmergy.deployments.policy_views import evidence_model, policy_model
from stigmergy.errors import InvalidQuery
from stigmergy.platform.policies.desk import PolicyDesk
from stigmergy.platform.policies.in_service import PoliciesInService
from stigmergy.platform.policy_records import NewPolicy, PolicyRecord

_JSON = "application/json"
_MOST_VERSIONS = 2**62
"""Versions are stored in integers of 64 bits."""


async def operators_only(request: Request) -> None:
    """Before a door opens; raises NotOperator."""
    expect_operator(request)


router = APIRouter(
    prefix="/v1/policies", tags=["policies"], dependencies=[Depends(operators_only)], responses=refusals(403)
)
Version = Annotated[int, Path(ge=1, le=_MOST_VERSIONS)]


@router.get("", response_model=wire.PoliciesModel, responses=refusals(400, 503))
async def list_policies(request: Request, router: str | None = None) -> Response:
    """All policies, or those of a router; by router, the newest first."""
    policies = _policies(request)
    found = tuple(_told(policies, record) for record in await policies.desk.list(router))
    return Response(wire.PoliciesModel(policies=found).model_dump_json(), media_type=_JSON)


@router.post(
    "",
    response_model=wire.RegisteredPolicyModel,
    status_code=201,
    responses=refusals(400, 422, 503),
    openapi_extra=asks(wire.NewPolicyRequest),
)
async def register_policy(request: Request) -> Response:
    """Register a candidate, once it has been seen to load and to fit; the same one is found again instead."""
    asked = parsed(wire.NewPolicyRequest, await read_body(request, wire.MAX_POLICY_BYTES))
    policy = NewPolicy(
        router=asked.router,
        document=asked.document,
        fingerprint="",
        metrics=asked.metrics,
        lineage=asked.lineage,
    )
    policies = _policies(request)
    record = await policies.desk.register(policy, asked.artifact)
    return Response(_told(policies, record).model_dump_json(), 201, media_type=_JSON)


@router.get("/{router}/{version}", response_model=wire.PolicyEvidenceModel, responses=refusals(400, 404, 503))
async def get_policy(request: Request, router: str, version: Version) -> Response:
    """A policy and what is known of it: its gain over who decides, from every episode that it looked on."""
    policies = _policies(request)
    shown = await policies.desk.show(router, version)
    found = evidence_model(shown, policies.service.problems.get(shown.record.name, ""))
    return Response(found.model_dump_json(), media_type=_JSON)


@router.post(
    "/{router}/{version}/{step}",
    response_model=wire.RegisteredPolicyModel,
    responses=refusals(400, 404, 409, 422, 503),
    openapi_extra=may_take(wire.PolicyStepRequest),
)
async def move_policy(request: Request, router: str, version: Version, step: wire.PolicyStep) -> Response:
    """Let it look on (``shadow``), decide a share (``canary``) or all (``promote``); or take it back.

    409 where it stands elsewhere, or where the log does not say that it is better.
    """
    asked = parsed(wire.PolicyStepRequest, await read_body(request) or b"{}")
    storable(asked.reason)
    policies = _policies(request)
    record = await _moved(policies.desk, router, version, step, asked)
    return Response(_told(policies, record).model_dump_json(), media_type=_JSON)


def _moved(
    desk: PolicyDesk, router: str, version: int, step: wire.PolicyStep, asked: wire.PolicyStepRequest
) -> Awaitable[PolicyRecord]:
    match step:
        case "shadow":
            return desk.shadow(router, version)
        case "canary":
            if asked.share is None:
                raise InvalidQuery("a canary needs a `share` of the tasks, above 0 and up to 1")
            return desk.canary(router, version, asked.share)
        case "promote":
            return desk.promote(router, version)
        case "rollback":
            return desk.rollback(router, version, asked.reason or "by an operator")
        case "retire":
            return desk.retire(router, version, asked.reason or "by an operator")
    assert_never(step)


def _policies(request: Request) -> PoliciesInService:
    found: PoliciesInService = request.app.state.runtime.policies
    return found


def _told(policies: PoliciesInService, record: PolicyRecord) -> wire.RegisteredPolicyModel:
    return policy_model(record, policies.service.problems.get(record.name, ""))
