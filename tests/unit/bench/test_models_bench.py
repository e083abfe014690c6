"""The models bench on few requests: what it counts, not how fast this machine is."""

from __future__ import annotations

from pathlib import Path

from stigmergy.agents.models.nano.making import Making, make_nano
from stigmergy.bench.models.report import WIDTHS, measure
from stigmergy.bench.models.work import draw_work


async def test_both_ways_write_what_was_wanted_and_take_time_for_it(tmp_path: Path) -> None:
    make_nano(Making(size="small", steps=1, device="cpu", examined=1), lambda *_: None).save(tmp_path / "small")

    speeds = await measure(tmp_path, 3, 0, "cpu", told=lambda _: None)

    assert speeds.keys() == {"llama", "nano small"}
    wanted = sum(each.tokens for each in draw_work(0, 3))
    for rate in (*speeds["llama"].plain.values(), *speeds["llama"].engine.values()):
        assert rate.tokens == wanted
        assert min(rate.wall_s, rate.cpu_s) > 0
    assert speeds["nano small"].describe().keys() == {"plain", "engine"}
    assert speeds["nano small"].engine.keys() == set(WIDTHS)


def test_the_same_seed_draws_the_same_work() -> None:
    assert draw_work(1, 5) == draw_work(1, 5) != draw_work(2, 5)
