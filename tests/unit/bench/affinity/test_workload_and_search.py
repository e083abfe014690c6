"""What is asked, what a probe says of the answers, and how few probes find the highest load."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stigmergy.bench.affinity.probe import Answer, Limit, Probe, summed_up
from stigmergy.bench.affinity.search import highest_kept, ladder
from stigmergy.bench.affinity.workload import Workload, arrivals

LIMIT = Limit(slo_s=1.0, seconds=10, settling_s=2)


def test_the_same_seed_asks_the_same_and_the_rate_is_met() -> None:
    first, again = (list(arrivals(Workload(), 50, 40, "x", random.Random(3))) for _ in range(2))

    assert first == again
    assert len(first) == pytest.approx(2000, rel=0.1)
    assert [each.at_s for each in first] == sorted(each.at_s for each in first)


def test_another_rate_has_the_same_requests_at_other_times_under_another_label() -> None:
    slow = list(arrivals(Workload(), 10, 20, "slow", random.Random(3)))
    fast = list(arrivals(Workload(), 20, 10, "fast", random.Random(3)))

    assert [each.at_s for each in fast] == pytest.approx([each.at_s / 2 for each in slow])
    assert [each.messages[0] for each in fast] == [each.messages[0] for each in slow]
    assert not {each.messages[1].content for each in fast} & {each.messages[1].content for each in slow}


def test_a_few_agents_are_asked_most_and_their_prompts_are_the_same_in_every_stream() -> None:
    streams = [list(arrivals(Workload(), 50, 40, "x", random.Random(seed))) for seed in (1, 2)]
    asked = [Counter(each.messages[0].content for each in stream) for stream in streams]

    assert asked[0].most_common(1)[0][0] == asked[1].most_common(1)[0][0]
    assert sum(count for _, count in asked[0].most_common(12)) > 0.45 * len(streams[0])


def test_conversations_go_on_from_what_was_said_and_begin_anew() -> None:
    workload = Workload(agents=1, conversations=1, turns=2)

    asked = [each.messages for each in arrivals(workload, 10, 1, "x", random.Random(0))]

    assert [len(each) for each in asked[:4]] == [2, 4, 2, 4]
    assert asked[1][:2] == asked[0]
    assert asked[2][1] != asked[0][1]


def test_of_a_hundred_requests_one_may_be_late_or_fail() -> None:
    quick = [Answer(0.5, 100, 80, "r1", at_home=True)] * 99

    kept = summed_up(7.0, [*quick, Answer(0.1, failed=True)], LIMIT)
    broken = summed_up(7.0, [*quick[:98], Answer(1.2), Answer(0.1, failed=True)], LIMIT)

    assert kept.kept
    assert kept.hit_rate == pytest.approx(0.8)
    assert kept.busiest_share == pytest.approx(0.99)
    assert not broken.kept


@given(st.integers(0, 15))
def test_the_highest_load_that_is_kept_is_found_in_four_probes(most: int) -> None:
    loads = ladder(7.0, 1.12, 15)

    def probe(rate: float) -> Probe:
        late = Answer(2.0) if rate > [*loads, 1e9][most] - 1e-9 else Answer(0.1)
        return summed_up(rate, [late], LIMIT)

    found = highest_kept(loads, probe)

    assert len(found.probes) == 4
    assert (found.best.rate if found.best else None) == (loads[most - 1] if most else None)
