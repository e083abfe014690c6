"""The promise, and the two forms of the report."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from stigmergy.bench.affinity.measure import Measured, Plan, Row
from stigmergy.bench.affinity.probe import Answer, Limit, summed_up
from stigmergy.bench.affinity.report import document, gain, kept, print_report
from stigmergy.bench.affinity.search import Search
from stigmergy.cli.output import table

LIMIT = Limit(slo_s=1.0, seconds=10, settling_s=2)


def search(*kept_rates: float) -> Search:
    answers = [Answer(0.5, 100, 40, "r1", at_home=True)] * 10
    return Search([summed_up(rate, answers, LIMIT) for rate in kept_rates])


def measured(plain: Search, affine: Search) -> Measured:
    plan = Plan()
    rows = [Row("power_of_two", plain, search(9.0)), Row("cache_affine", affine, search(18.0))]
    return Measured(plan, plan.scene(), [*rows, Row("prefix_aware", search(), None)])


def test_the_promise_is_a_load_of_one_and_four_tenths() -> None:
    assert kept(measured(search(10.0), search(10.0, 15.0)))
    assert not kept(measured(search(10.0), search(12.0)))


def test_a_routing_that_kept_no_load_proves_nothing() -> None:
    assert gain(measured(search(), search(12.0))) == 0


def test_both_forms_tell_loads_hits_and_that_compute_is_modelled() -> None:
    found = measured(search(10.0), search(15.0))
    console = Console(width=140, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as told:
        print_report(console, found, table("Load"))

    told_json = json.loads(json.dumps(document(found)))
    assert told_json["gain"] == pytest.approx(1.5)
    assert told_json["rows"][2]["served"]["best"] is None
    assert "modelled" in told_json["compute"]
    assert "kept   cache_affine takes 1.50 x the load of power_of_two" in told.get()
    assert "40%" in told.get()
