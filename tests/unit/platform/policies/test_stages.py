from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.errors import PolicyMoved
from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Stage
from stigmergy.platform.store.memory_policies import MemoryPolicies
from stigmergy.testing import EPOCH

MOVES = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(Stage), st.floats(0.0, 1.0)), max_size=25)


async def after(moves: list[tuple[int, Stage, float]]) -> tuple[PolicyRecord, ...]:
    """Where three policies of one router stand after moves, of which those that cannot be are refused."""
    store = MemoryPolicies()
    for number in range(3):
        await store.register(NewPolicy(router="near", document={}, fingerprint=f"f{number}"), b"", EPOCH)
    for version, to, share in moves:
        seen = (await store.get("near", version)).stage
        before = await store.list()
        try:
            await store.move("near", version, Move(seen=seen, to=to, share=share), EPOCH)
        except PolicyMoved:
            assert await store.list() == before
    return await store.list()


@given(MOVES)
@settings(max_examples=150)
def test_whatever_is_tried_one_policy_decides_one_is_tried_and_one_looks_on(
    moves: list[tuple[int, Stage, float]],
) -> None:
    records = asyncio.run(after(moves))
    counts = Counter(record.stage for record in records)
    assert all(counts[stage] <= 1 for stage in (Stage.SHADOW, Stage.CANARY, Stage.ACTIVE))


@given(MOVES)
@settings(max_examples=150)
def test_a_share_is_a_canarys_alone_and_who_decided_was_looked_at_before(
    moves: list[tuple[int, Stage, float]],
) -> None:
    for record in asyncio.run(after(moves)):
        assert (record.share > 0.0) == (record.stage is Stage.CANARY)
        assert record.stage is not Stage.ACTIVE or record.activated_at is not None
