"""The published scenarios through all three systems, and the promises of ours."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stigmergy.bench.healing.comparison import OURS, SYSTEMS, compare, row_of
from stigmergy.bench.healing.oracle import judge
from stigmergy.bench.healing.scenarios import Mode, Scenario, load_scenarios
from stigmergy.bench.healing.topology import Topology
from stigmergy.domain import Status

SCENARIOS = load_scenarios()
MOST_LLM_CALLS = {Mode.KNOWN: 9, Mode.MET: 7}


def test_there_are_nineteen_over_three_topologies() -> None:
    counts = [sum(each.topology == name for each in SCENARIOS) for name in ("support", "travel", "moderation")]
    assert counts == [7, 6, 6]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: f"{each.topology}-{each.name}")
def test_the_right_outcome_that_was_written_down_is_the_oracles(
    topologies: Mapping[str, Topology], scenario: Scenario
) -> None:
    verdict = judge(topologies[scenario.topology].graph, scenario.dead)
    if scenario.risk or verdict.infeasible:
        assert scenario.right is Status.ESCALATED
    else:
        assert scenario.right is (Status.COMPLETED if verdict.feasible else Status.DEMOTED)


async def test_ours_is_right_in_all_of_them_and_the_others_are_counted_not_computed(
    topologies: Mapping[str, Topology],
) -> None:
    judged = await compare(topologies, SCENARIOS)
    assert [each for each in judged if each.system == OURS and not each.outcome.right] == []
    rows = {
        (system, mode): row_of([each.outcome for each in judged if (each.system, each.mode) == (system, mode)])
        for system in SYSTEMS
        for mode in Mode
    }
    for mode, most in MOST_LLM_CALLS.items():
        ours = rows[OURS, mode]
        assert (ours.right, ours.silent, ours.duplicates) == (len(SCENARIOS), 0, 0)
        assert ours.llm_calls <= most
        # A loop asks before every call of a tool, and once more to end.
        assert rows["react", mode].llm_calls == rows["react", mode].tool_calls + len(SCENARIOS)
        assert rows["langgraph", mode].llm_calls == 0
    assert rows[OURS, Mode.KNOWN].stranded == 0
