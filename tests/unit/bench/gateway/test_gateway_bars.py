from __future__ import annotations

from stigmergy.bench.gateway.bars import bars
from stigmergy.bench.gateway.load import Timing
from stigmergy.bench.gateway.measure import Measured, Plan, Row, row_of
from stigmergy.bench.gateway.report import document
from stigmergy.bench.gateway.stage import bench_settings
from stigmergy.bench.gateway.system import Cell, Size, System, plain_path

PLAN = Plan(concurrencies=(1, 64), size=Size(10, 1.0), rounds=3, replicas=1)


def timed(p50_ms: float, rps: float, p999_ms: float = 20.0, errors: int = 0) -> Timing:
    return Timing(
        requests=10, seconds=1, rps=rps, p50_ms=p50_ms, p99_ms=10, p999_ms=p999_ms, max_ms=p999_ms, errors=errors
    )


def row(system: str, concurrency: int, *timings: Timing) -> Row:
    served = System(name=system, port=1, path=plain_path, model=str)
    return row_of(served, Cell(concurrency=concurrency, upstream_ms=0, stream=False), timings)


def measured(*rows: Row, memory: tuple[float, ...] = ()) -> Measured:
    return Measured(PLAN, rows, memory)


ALONE = (row("direct", 1, timed(0.1, 9000)), row("stigmergy", 1, timed(1.0, 900)), row("litellm", 1, timed(4.7, 200)))
CROWD = (row("direct", 64, timed(5, 9000)), row("stigmergy", 64, timed(50, 1200)), row("litellm", 64, timed(300, 200)))


def test_a_row_has_the_medians_of_its_rounds_and_the_worst_of_what_went_wrong() -> None:
    found = row("stigmergy", 1, timed(1, 10), timed(9, 30, 400.0, 2), timed(2, 20))
    assert (found.p50_ms, found.rps, found.p999_ms, found.max_ms, found.errors) == (2, 20, 20, 400, 2)


def test_promises_are_judged_by_what_is_added_to_the_upstream() -> None:
    found = {bar.promise: bar for bar in bars(measured(*ALONE, *CROWD))}
    assert all(bar.held for bar in found.values())
    assert found["added p50 at 1, ms"].value == 0.9
    assert found["requests/s at 64, times LiteLLM's"].value == 6


def test_a_stall_an_error_and_memory_that_grows_break_a_promise() -> None:
    bad = row("stigmergy", 16, timed(50, 900, 180.0, errors=1))
    broken = {bar.promise for bar in bars(measured(bad, memory=(100, 200, 200, 200, 250))) if not bar.held}
    assert broken == {
        "longest stall (p99.9 above p50), ms",
        "answers that were none",
        "memory in the second half, added share",
    }


def test_the_document_has_a_flat_row_per_system_and_cell() -> None:
    told = document(measured(*ALONE, *CROWD))
    assert told["kept"]
    expected = {"system", "concurrency", "upstream_ms", "stream", "durable", "rps", "p50_ms", "p99_ms", "p999_ms"}
    assert expected <= told["rows"][0].keys()


def test_what_is_served_routes_between_two_models_for_every_delay() -> None:
    settings = bench_settings(8701, 9, 1, "memory://")
    assert {name: len(graph.nodes) for name, graph in settings.build_graphs().items()} == {"wait-0": 2, "wait-50": 2}
