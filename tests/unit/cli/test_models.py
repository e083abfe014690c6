from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from stigmergy.agents.models.prices import price_list

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

USES_A_LISTED_PRICE = """
models: {m: {kind: openai_compatible, model: gpt-4o, api_key_env: null}}
agents: {clerk: {kind: llm, model: m}}
graphs: {g: {stages: [[clerk]], router: cheapest}}
routers: {cheapest: {kind: cheapest}}
"""


def test_the_packaged_prices_are_shown_with_their_day_and_source(run: Run) -> None:
    shown = run("models", "prices").stdout
    for name, listed in price_list().items():
        assert name in shown
        assert str(listed.as_of) in shown
        assert listed.source in shown
    (row,) = (line for line in shown.splitlines() if "gpt-4o-mini" in line)
    assert [cell for cell in row.split() if cell.startswith("$")] == ["$0.15", "$0.075", "$0.6"]
    assert "as input" in shown


def test_as_json_the_packaged_prices_are_exact(run: Run) -> None:
    told = json.loads(run("models", "prices", "--json").stdout)
    assert Decimal(told["gpt-4o-mini"]["per_million_input"]) == price_list()["gpt-4o-mini"].per_million_input
    assert Decimal(told["gpt-4o-mini"]["per_million_cached_input"]) == Decimal("0.075")
    assert told["gemini-2.5-flash"]["per_million_cached_input"] is None
    assert told.keys() == price_list().keys()


def test_a_check_warns_of_old_packaged_prices_and_is_passed_all_the_same(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(USES_A_LISTED_PRICE)
    done, told = run("config", "check", str(file)), json.loads(run("config", "check", str(file), "--json").stdout)
    assert done.exit_code == 0
    # How old the packaged prices are depends on the day on which this runs.
    assert ("warning: models.m.price is the packaged one" in done.stderr) is bool(told["warnings"])
