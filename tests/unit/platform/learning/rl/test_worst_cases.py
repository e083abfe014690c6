"""What a call may cost at most, read off a log."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stigmergy.platform.learning.rl.arm_log import ArmLog
from stigmergy.platform.learning.rl.worst_cases import BY_COSTS, BY_PRICES, worst_cases


def test_prices_that_explain_the_costs_are_found(log: ArmLog) -> None:
    found = worst_cases(log)
    assert set(found.basis.values()) == {BY_PRICES}
    arm = log.table.arms.index("large")
    train = log.table.rows_of("train")
    cap = np.ceil(np.nanquantile(log.tokens_out[train, arm], 0.99))
    expected = log.tokens_in[:, arm, 0] * 1e-5 + cap * 4e-5
    assert np.allclose(found.worst_case[:, arm] / 1e9, expected, rtol=1e-6)


def test_nothing_is_charged_above_its_worst_case_and_what_was_cut_is_charged_all_of_it(log: ArmLog) -> None:
    found = worst_cases(log)
    assert (found.charged <= found.worst_case[:, :, None]).all()
    cut = np.nonzero(found.cut)
    assert len(cut[0]) > 0
    assert np.array_equal(found.charged[cut], found.worst_case[cut[0], cut[1]])


def test_worst_cases_do_not_look_at_what_a_query_turned_out_to_cost(log: ArmLog) -> None:
    test = ~log.table.rows_of("train")
    tokens, cost = log.tokens_out.copy(), log.cost.copy()
    tokens[test], cost[test] = 1.0, 1e-9
    assert np.array_equal(
        worst_cases(replace(log, tokens_out=tokens, cost=cost)).worst_case, worst_cases(log).worst_case
    )


def test_an_arm_of_several_calls_is_capped_by_its_costs(log: ArmLog) -> None:
    calls = log.calls.copy()
    calls[:, 0] = 3.0
    found = worst_cases(replace(log, calls=calls))
    assert found.basis[log.table.arms[0]] == BY_COSTS
    assert len(set(found.worst_case[:, 0].tolist())) == 1


def test_an_arm_that_always_costs_the_same_is_never_cut(log: ArmLog) -> None:
    tokens = np.where(np.isnan(log.tokens_in), np.nan, 20.0)
    answered = np.where(np.isnan(log.tokens_out), np.nan, 30.0)
    for price in (1e-6, 2e-6, 3.3e-7):
        same = replace(log, tokens_in=tokens, tokens_out=answered, cost=50 * price * np.ones_like(log.cost))
        assert not worst_cases(same).cut.any()
