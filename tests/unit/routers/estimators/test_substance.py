"""What a query itself asks: boilerplate off, shape measured."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.routers.estimators.boilerplate import learn_boilerplate
from stigmergy.routers.estimators.shape import shape_of
from stigmergy.routers.estimators.substance import learn_substance

INTRODUCTION = "Please answer with one letter and nothing else, as in this example.\n"
ENDING = "\nPrint only a single choice, without any explanation. Answer:"
PROMPTS = [f"{INTRODUCTION}{n} towns lie how far from coast {n}?{ENDING}" for n in range(40)]


def test_what_many_texts_begin_and_end_with_is_taken_off() -> None:
    boilerplate = learn_boilerplate(PROMPTS)
    body = boilerplate.strip(f"{INTRODUCTION}Why is the sky blue?{ENDING}")
    assert body.strip().startswith("Why is the sky")
    assert "Print only" not in body


def test_what_few_texts_share_and_what_is_short_stays() -> None:
    few = PROMPTS[:9] + [f"Question {n}: what is {n * n}?" for n in range(40)]
    boilerplate = learn_boilerplate(few)
    assert [boilerplate.strip(text) for text in few] == few


def test_a_text_of_boilerplate_alone_stays_whole() -> None:
    boilerplate = learn_boilerplate([INTRODUCTION + f"Item {n}" for n in range(20)])
    assert boilerplate.strip(INTRODUCTION) == INTRODUCTION


@pytest.mark.parametrize("texts", [["one text"], ["", "", ""], ["same text of many words " * 4] * 30])
def test_few_empty_and_equal_texts_are_no_obstacle(texts: list[str]) -> None:
    substance = learn_substance(texts, bits=6, rank=4)
    assert np.isfinite(substance.embed_many([*texts, "1" * 400, "another"])).all()


def test_larger_numbers_and_more_options_show_in_the_shape() -> None:
    small, large = shape_of("Add 3 and 4"), shape_of("Add 30000 and 4")
    assert (small != large).any()
    assert (shape_of("A. x\nB. y") != shape_of("A x\nB y")).any()


def test_one_text_is_embedded_as_it_is_among_many_with_norm_one() -> None:
    substance = learn_substance(PROMPTS, bits=8, rank=8)
    many = substance.embed_many(PROMPTS)
    np.testing.assert_allclose(np.linalg.norm(many, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(substance.embed(PROMPTS[3]), many[3], atol=1e-5)


def test_learning_twice_gives_one_version_and_other_texts_another() -> None:
    one, two = (learn_substance(PROMPTS, bits=8, rank=8) for _ in range(2))
    assert one.version == two.version != learn_substance(PROMPTS[:30], bits=8, rank=8).version
