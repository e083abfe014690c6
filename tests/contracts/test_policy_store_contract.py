"""The contract of PolicyStore, on every implementation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from stigmergy.errors import PolicyMoved, PolicyNotFound
from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Shadowed, Stage
from stigmergy.platform.ports import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def policy(fingerprint: str = "f1", router: str = "learned") -> NewPolicy:
    return NewPolicy(
        router=router,
        document={"kind": "estimator", "selection": "greedy"},
        fingerprint=fingerprint,
        metrics={"gain": 0.1},
        lineage={"parent": "learned@0", "episodes": 400},
    )


async def register(store: Store, fingerprint: str = "f1", router: str = "learned") -> PolicyRecord:
    return await store.policies.register(policy(fingerprint, router), fingerprint.encode(), NOW)


async def go(store: Store, version: int, *stages: Stage) -> PolicyRecord:
    record = await store.policies.get("learned", version)
    for stage in stages:
        share = 0.1 if stage is Stage.CANARY else 0.0
        move = Move(seen=record.stage, to=stage, share=share, reason=f"to {stage}")
        record = await store.policies.move("learned", version, move, LATER)
    return record


async def test_policies_are_numbered_within_their_router_and_kept_with_their_artifact(store: Store) -> None:
    first, second = await register(store, "f1"), await register(store, "f2")
    other = await register(store, "f1", router="second")
    assert [record.name for record in (first, second, other)] == ["learned@1", "learned@2", "second@1"]
    assert await store.policies.get("learned", 1) == first
    assert (first.stage, first.policy, first.created_at) == (Stage.CANDIDATE, policy(), NOW)
    assert await store.policies.artifact("f2") == b"f2"
    assert await store.policies.list("learned") == (second, first)
    assert await store.policies.list() == (second, first, other)


async def test_the_same_policy_is_found_again(store: Store) -> None:
    assert await register(store) == await register(store)
    assert len(await store.policies.list()) == 1


async def test_what_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(PolicyNotFound, match="learned@7"):
        await store.policies.get("learned", 7)
    with pytest.raises(PolicyNotFound, match="learned@7"):
        await store.policies.move("learned", 7, Move(seen=Stage.CANDIDATE, to=Stage.SHADOW), NOW)
    with pytest.raises(PolicyNotFound, match="f9"):
        await store.policies.artifact("f9")


async def test_a_policy_goes_from_stage_to_stage_and_says_why(store: Store) -> None:
    await register(store)
    canary = await go(store, 1, Stage.SHADOW, Stage.CANARY)
    assert (canary.stage, canary.share, canary.reason, canary.changed_at) == (Stage.CANARY, 0.1, "to canary", LATER)
    active = await go(store, 1, Stage.ACTIVE)
    assert (active.share, active.activated_at) == (0.0, LATER)
    assert await store.policies.get("learned", 1) == active


async def test_only_what_gateways_load_is_serving(store: Store) -> None:
    for fingerprint in ("f1", "f2", "f3", "f4"):
        await register(store, fingerprint)
    active = await go(store, 1, Stage.SHADOW, Stage.ACTIVE)
    canary = await go(store, 2, Stage.SHADOW, Stage.CANARY)
    shadow = await go(store, 3, Stage.SHADOW)
    assert await store.policies.serving() == (shadow, canary, active)


async def test_who_becomes_active_retires_the_one_that_was(store: Store) -> None:
    for fingerprint in ("f1", "f2"):
        await register(store, fingerprint)
        await go(store, int(fingerprint[1:]), Stage.SHADOW, Stage.ACTIVE)
    retired = await store.policies.get("learned", 1)
    assert (retired.stage, retired.reason) == (Stage.RETIRED, "replaced by learned@2")
    again = await go(store, 1, Stage.ACTIVE)
    assert (again.stage, (await store.policies.get("learned", 2)).stage) == (Stage.ACTIVE, Stage.RETIRED)


@pytest.mark.parametrize(
    ("stages", "move", "reason"),
    [
        ((), Move(seen=Stage.CANDIDATE, to=Stage.ACTIVE), "from candidate it cannot become active"),
        ((), Move(seen=Stage.SHADOW, to=Stage.CANARY, share=0.1), "it is candidate by now, not shadow"),
        ((Stage.SHADOW,), Move(seen=Stage.SHADOW, to=Stage.CANARY), "a canary has a share of traffic above 0"),
        ((Stage.RETIRED,), Move(seen=Stage.RETIRED, to=Stage.ACTIVE), "from retired it cannot become active"),
    ],
)
async def test_a_move_that_cannot_be_is_refused_and_changes_nothing(
    store: Store, stages: tuple[Stage, ...], move: Move, reason: str
) -> None:
    await register(store)
    before = await go(store, 1, *stages)
    with pytest.raises(PolicyMoved, match=reason):
        await store.policies.move("learned", 1, move, LATER)
    assert await store.policies.get("learned", 1) == before


async def test_there_is_one_canary_of_a_router_at_a_time(store: Store) -> None:
    for fingerprint in ("f1", "f2"):
        await register(store, fingerprint)
    await go(store, 1, Stage.SHADOW, Stage.CANARY)
    await go(store, 2, Stage.SHADOW)
    with pytest.raises(PolicyMoved, match="learned@1 is canary; retire it first"):
        await go(store, 2, Stage.CANARY)


async def test_of_several_who_move_a_policy_at_once_one_succeeds(store: Store) -> None:
    await register(store)
    move = Move(seen=Stage.CANDIDATE, to=Stage.SHADOW)
    attempts = [store.policies.move("learned", 1, move, LATER) for _ in range(8)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, PolicyRecord) for result in results) == 1
    assert sum(isinstance(result, PolicyMoved) for result in results) == 7


async def test_what_a_shadow_would_have_done_is_kept_once(store: Store) -> None:
    noted = [Shadowed("e1", seq, "learned@1", {"a": 0.25, "b": 0.75}) for seq in (3, 1)]
    await store.policies.note_shadows([*noted, Shadowed("e1", 1, "learned@2", {"a": 1.0})])
    await store.policies.note_shadows([Shadowed("e1", 1, "learned@1", {"a": 1.0})])
    assert await store.policies.shadowed("learned@1") == (noted[1], noted[0])
    assert await store.policies.shadowed("learned@1", limit=1) == (noted[1],)
    assert await store.policies.shadowed("learned@9") == ()
