from __future__ import annotations

from tests.contracts.test_episode_store_contract import FULL

from stigmergy.platform.store.rows import episode_record, episode_row


def test_an_episode_comes_back_from_its_row() -> None:
    assert episode_record(episode_row(FULL)) == FULL


def test_an_episode_that_was_stored_before_cached_tokens_were_counted_had_none() -> None:
    row = episode_row(FULL)
    usage = {name: value for name, value in row["usage"].items() if name != "cached_tokens"}
    read = episode_record({**row, "usage": usage}).usage
    assert read.cached_tokens == 0
    assert (read.input_tokens, read.usd) == (FULL.usage.input_tokens, FULL.usage.usd)
