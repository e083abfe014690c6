"""The programs: honest, pure, never raising; the dearest path answers nearly every task."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.base import Reply, Request
from stigmergy.agents.workbench.evaluator import check_answer
from stigmergy.agents.workbench.families.catalog import ALL
from stigmergy.agents.workbench.programs import PROGRAMS
from stigmergy.agents.workbench.task import FamilyName
from stigmergy.agents.workbench.tasks import generate_tasks

DEAREST = ("study", "polymath", "audit", "polish")
GOOD = ("read", "calculator", "glance", "polish")
BAR = {"easy": 1.0, "medium": 0.97, "hard": 0.75}


def _request(text: str, *replies: Reply) -> Request:
    return Request(text=text, replies=replies, step_key="e/1", timeout_s=5.0)


def _walk(text: str, route: tuple[str, ...]) -> tuple[Reply, ...]:
    replies: tuple[Reply, ...] = ()
    for name in route:
        replies += (PROGRAMS[name](_request(text, *replies)),)
    return replies


def _answer(text: str, route: tuple[str, ...]) -> str | None:
    last = _walk(text, route)[-1]
    return last.text if last.answered else None


def test_seventeen_percent_of_2340_is_answered() -> None:
    assert _answer("What is 17% of 2,340?", GOOD) == "397.8"
    assert _answer("What is 17% of 2,340?", DEAREST) == "397.8"


@pytest.mark.parametrize("family", ALL)
def test_the_dearest_path_answers_nearly_every_task(family: FamilyName) -> None:
    # One hard kind in seven or eight is out of every program's reach, so a hundred hard tasks lose 6 to 18 on average.
    tasks = generate_tasks(21, 300, (family,))
    for difficulty, bar in BAR.items():
        chosen = [task for task in tasks if task.difficulty == difficulty]
        quality = sum(check_answer(task.reference, _answer(task.text, DEAREST)) for task in chosen) / len(chosen)
        assert quality >= bar, f"{difficulty} {family} tasks are answered with quality {quality}"


def test_what_the_dearest_path_cannot_do_it_declines_instead_of_getting_it_wrong() -> None:
    answers = [(task, _answer(task.text, DEAREST)) for task in generate_tasks(22, 360)]
    assert [task.text for task, answer in answers if answer and check_answer(task.reference, answer) < 1] == []


def test_the_cheapest_path_answers_easy_arithmetic_and_little_else() -> None:
    tasks = generate_tasks(5, 180)
    route = ("scan", "abacus", "glance", "plain")
    scores = {task: check_answer(task.reference, _answer(task.text, route)) for task in tasks}
    assert 0 < sum(scores.values()) / len(tasks) < 0.15
    assert all(task.family == "arithmetic" for task, score in scores.items() if score)


def test_a_specialist_says_what_it_does_not_do_and_hands_the_problem_on() -> None:
    read, declined = _walk("How many days are there between 2024-03-01 and 2024-04-15?", ("read", "clerk"))
    assert not declined.answered
    assert "not dates" in declined.text
    assert declined.data == read.data


def test_an_audit_rescues_a_query_that_the_solver_declined() -> None:
    replies = _walk("What is 12 + 30?", ("scan", "clerk", "audit", "plain"))
    assert replies[2].verdict == 0.0
    assert replies[3].text == "42"


def test_a_recheck_drops_a_root_at_which_a_denominator_vanishes() -> None:
    text = "Solve (x^2 - 5x + 6) / (x - 2) = 0 for x."
    assert _answer(text, ("study", "symbolist", "glance", "plain")) in ("x = 3, x = 2", "x = 2, x = 3")
    replies = _walk(text, ("study", "symbolist", "recheck", "plain"))
    assert (replies[2].verdict, replies[3].text) == (0.0, "x = 3")


def test_a_recheck_confirms_what_is_right() -> None:
    text = "Solve x^2 + 2x - 7 = 0 for x."
    assert _walk(text, ("study", "symbolist", "recheck"))[-1].verdict == 1.0


def test_a_recheck_corrects_a_float_slip() -> None:
    text = "What is 123,456,789,123 * 987,654,321?"
    exact = str(123456789123 * 987654321)
    assert _answer(text, ("read", "abacus", "glance", "plain")) != exact
    replies = _walk(text, ("read", "abacus", "recheck", "plain"))
    assert (replies[2].verdict, replies[3].text) == (0.0, exact)


def test_only_polish_honours_the_requested_form() -> None:
    text = "What is 10 divided by 8? Round to 1 decimal."
    assert _answer(text, ("read", "calculator", "glance", "plain")) == "1.25"
    assert _answer(text, GOOD) == "1.3"
    assert _answer("What date is 3 weeks after 2024-03-05? Answer as DD/MM/YYYY.", DEAREST) == "26/03/2024"
    assert _answer("Convert 5 km to m.", GOOD) == "5000 m"


def test_a_solver_works_from_the_text_alone_when_it_comes_first() -> None:
    assert PROGRAMS["abacus"](_request("What is 6 * 7?")).text == "42"
    assert PROGRAMS["audit"](_request("What is 6 * 7?")).data["value"] == "42"


def test_tables_are_joined_by_the_polymath_alone() -> None:
    text = "What is the total of qty for Peru?\n```csv\nitem,city,qty\nfan,Lima,3\nlamp,Oslo,4\njar,Lima,5\n```\n"
    text += "```csv\ncity,country\nLima,Peru\nOslo,Norway\n```"
    assert _answer(text, ("read", "polymath", "glance", "plain")) == "8"
    assert _answer(text, ("read", "clerk", "recheck", "plain")) is None


def test_importing_the_programs_loads_no_sympy() -> None:
    code = "import sys, stigmergy.agents.workbench.programs; print('sympy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "expression",
    "equations",
    "unknowns",
    "kind",
    "start",
    "text",
    "steps",
    "tables",
    "select",
    "code",
    "form",
    "to",
)
PROBLEMS = st.fixed_dictionaries({"family": st.sampled_from(ALL) | JSON}, optional=dict.fromkeys(KEYS, JSON))
QUERIES = st.text(max_size=120) | st.sampled_from([task.text for task in generate_tasks(9, 54)]).flatmap(
    lambda text: st.tuples(st.integers(0, len(text)), st.text(max_size=6)).map(
        lambda cut: text[: cut[0]] + cut[1] + text[cut[0] + 1 :]
    )
)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
@given(text=QUERIES, data=st.fixed_dictionaries({}, optional={"problem": PROBLEMS | JSON, "value": JSON}))
@settings(max_examples=25, deadline=None)
def test_no_program_raises_whatever_it_is_given(name: str, text: str, data: dict[str, Any]) -> None:
    for replies in ((), (Reply(text="", data=data),)):
        reply = PROGRAMS[name](_request(text, *replies))
        assert reply.verdict in (None, 0.0, 1.0)
        json.dumps(dict(reply.data))


@given(text=QUERIES)
@settings(max_examples=60, deadline=None)
def test_no_route_raises_on_any_query(text: str) -> None:
    for route in (DEAREST, ("read", "journeyman", "recheck", "plain")):
        assert all(isinstance(reply.text, str) for reply in _walk(text, route))


@pytest.mark.parametrize("text", [" " * 9999, '"' * 9999, "1," * 3000, "What is " + "9**" * 30 + "9?", "```\n" * 2000])
def test_a_hostile_query_is_declined(text: str) -> None:
    assert _answer(text, DEAREST) is None
