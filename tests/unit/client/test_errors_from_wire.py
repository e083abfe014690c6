from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.client import Client
from stigmergy.client.errors_from_wire import error_classes, error_of
from stigmergy.errors import (
    ServerOverloaded,
    StigmergyError,
    StoreUnavailable,
    UnexpectedReply,
    UnknownGraph,
)
from stigmergy.wire import PROBLEM_TYPE, Problem

if TYPE_CHECKING:
    from tests.unit.conftest import RecordingServer

OURS = [c for c in error_classes().values() if c.__module__.startswith("stigmergy.errors")]
PROBLEM = {"content-type": PROBLEM_TYPE}
EXAMPLES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(0, 10**9),
    float: st.floats(0, 1e6),
    tuple[str, ...]: st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple),
    tuple[tuple[str, str], ...]: st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=3).map(tuple),
}


def instances(error_class: type[StigmergyError]) -> st.SearchStrategy[StigmergyError]:
    if error_class.__init__ is Exception.__init__:
        return st.builds(error_class, st.text(max_size=20))
    hints = get_type_hints(error_class.__init__)
    hints.pop("return")
    return st.tuples(*(EXAMPLES[hint] for hint in hints.values())).map(lambda facts: error_class(*facts))


def problem(code: str, facts: tuple[Any, ...], status: int = 400) -> bytes:
    document = Problem(type="about:blank", title="t", status=status, detail="d", code=code, facts=facts)
    return document.model_dump_json().encode()


def test_every_code_names_one_class() -> None:
    tree = [StigmergyError]
    for found in tree:
        tree.extend(c for c in found.__subclasses__() if c.__module__.startswith("stigmergy.errors"))
    assert len(tree) == len({error_class.code for error_class in tree}) == len(OURS)


@pytest.mark.parametrize("error_class", OURS, ids=lambda c: c.code)
def test_every_error_comes_back_over_http_as_itself(server: RecordingServer, error_class: type[StigmergyError]) -> None:
    example: dict[Any, Any] = {
        str: "two words",
        int: 7,
        float: 1.5,
        tuple[str, ...]: ("a", "b"),
        tuple[tuple[str, str], ...]: (("a.b", "is wrong"), ("c", "is missing")),
    }
    own = error_class.__init__ is not Exception.__init__
    hints = {k: v for k, v in get_type_hints(error_class.__init__).items() if k != "return"} if own else {"text": str}
    raised = error_class(*(example[hint] for hint in hints.values()))
    server.raises("GET", "/v1/graphs", raised)
    with Client(server.url) as client, pytest.raises(StigmergyError) as caught:
        client.served()
    assert type(caught.value) is error_class
    assert caught.value.args == raised.args
    assert str(caught.value) == str(raised)


@settings(max_examples=150, deadline=None)
@given(error=st.sampled_from(OURS).flatmap(instances))
def test_any_facts_survive_the_way_through_a_problem_document(error: StigmergyError) -> None:
    back = error_of(400, PROBLEM, problem(error.code, error.args))
    assert (type(back), back.args) == (type(error), error.args)


def test_a_503_that_says_when_to_come_back_is_an_overload() -> None:
    back = error_of(503, {"Retry-After": "2.5"}, b"<html>busy</html>")
    assert isinstance(back, ServerOverloaded)
    assert back.retry_after_s == 2.5


def test_a_503_that_names_its_cause_is_that_cause_even_with_a_retry_time() -> None:
    body = problem("store_unavailable", ("sqlite:///x", "disk full"), 503)
    assert isinstance(error_of(503, {**PROBLEM, "retry-after": "1"}, body), StoreUnavailable)


@pytest.mark.parametrize("retry_after", ["soon", "-1", "inf", "nan", ""])
def test_a_retry_time_that_is_no_time_is_no_overload(retry_after: str) -> None:
    assert isinstance(error_of(503, {"retry-after": retry_after}, b""), UnexpectedReply)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<html>bad gateway</html>"),
        ("application/json", problem("unknown_graph", ("g", ("h",)))),
        (PROBLEM_TYPE, b"{not json"),
        (PROBLEM_TYPE, b"[]"),
        (PROBLEM_TYPE, problem("born_in_a_later_release", ("x",))),
        (PROBLEM_TYPE, problem("unknown_graph", ("too few",))),
        (PROBLEM_TYPE, problem("unknown_graph", ("g", 5))),
        (PROBLEM_TYPE, problem("config_error", ("file", "no pairs"))),
        (PROBLEM_TYPE, b"\xff\xfe"),
    ],
)
def test_anything_else_is_an_unexpected_reply_that_shows_the_body(content_type: str, body: bytes) -> None:
    back = error_of(418, {"content-type": content_type}, body)
    assert isinstance(back, UnexpectedReply)
    assert back.args == (418, body.decode(errors="replace"))


def test_fields_that_a_newer_server_adds_are_ignored() -> None:
    document = json.loads(problem("unknown_graph", ("g", ("h",)))) | {"trace": "abc"}
    back = error_of(404, PROBLEM, json.dumps(document).encode())
    assert isinstance(back, UnknownGraph)
    assert back.known == ("h",)
