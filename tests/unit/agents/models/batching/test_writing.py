from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.agents.models.batching.writing import Writer


def bytes_as_text(tokens: list[int]) -> str:
    return bytes(tokens).decode("utf-8", "replace")


def written(text: str, stops: tuple[str, ...] = ()) -> tuple[list[str], Writer]:
    writer = Writer(bytes_as_text, stops)
    pieces = []
    for token in text.encode():
        pieces.append(writer.add(token))
        if writer.stopped:
            break
    return [*pieces, writer.rest()], writer


def test_a_character_is_given_out_only_when_all_of_its_tokens_are_there() -> None:
    pieces, _ = written("é!")

    assert pieces == ["", "é", "!", ""]


def test_a_stop_string_ends_the_text_and_is_not_part_of_it() -> None:
    pieces, writer = written("one END two", ("END",))

    assert "".join(pieces) == writer.text == "one "
    assert writer.stopped


def test_what_looks_like_the_beginning_of_a_stop_string_is_held_back_and_given_out_later() -> None:
    pieces, writer = written("EEN", ("END",))

    assert pieces == ["", "E", "", "EN"]
    assert not writer.stopped


@settings(max_examples=200, deadline=None)
@given(st.text("abé ", max_size=12), st.lists(st.text("abé ", min_size=1, max_size=3), max_size=3))
def test_the_pieces_are_together_the_text_before_the_first_stop_string(text: str, stops: list[str]) -> None:
    pieces, writer = written(text, tuple(stops))

    ends = [text.find(stop) + len(stop) for stop in stops if stop in text]
    seen = text[: min(ends)] if ends else text
    cuts = [seen.find(stop) for stop in stops if stop in seen]
    assert "".join(pieces) == writer.text == (seen[: min(cuts)] if cuts else text)
    assert writer.stopped is bool(cuts)
