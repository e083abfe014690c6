"""The nano bench with models that have hardly learnt anything: what it does, not what the figures are."""

from __future__ import annotations

from pathlib import Path

from stigmergy.agents.models.nano.making import Making, make_nano
from stigmergy.bench.nano.report import SIZES, measure


async def test_every_policy_is_tried_on_the_same_tasks_and_costs_lie_between_the_models(tmp_path: Path) -> None:
    for size in SIZES:
        make_nano(Making(size=size, steps=1, device="cpu", examined=1), lambda *_: None).save(tmp_path / size)

    told: list[str] = []
    document = (await measure(tmp_path, 1.0, 30, 0, told.append)).document()

    assert set(document["policies"]) == {"always-small", "always-large", "random", "nearest", "ridge", "ant_colony"}
    assert (
        document["models"]["large"]["usd_per_million_tokens"]
        > 3 * document["models"]["small"]["usd_per_million_tokens"]
    )
    assert document["policies"]["always-large"]["large_by_tier"] == {"easy": 1, "medium": 1, "hard": 1}
    assert document["policies"]["always-small"]["large_by_tier"] == {"easy": 0, "medium": 0, "hard": 0}
    assert "trying every policy" in told
