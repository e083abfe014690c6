"""Text to vector, mixture and complexity."""

from __future__ import annotations

import json
import pickle
import sys
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.domain import UNKNOWN_TYPE
from stigmergy.errors import MissingExtra
from stigmergy.routers.base import Vector
from stigmergy.routers.embeddings import SentenceEmbedder
from stigmergy.routers.query_features import FeatureReader, HashedNgrams, complexity
from stigmergy.routers.task_types import TaskTypeClassifier, train_classifier

GOLDEN = 841760844
"""Changes only together with the embedder's version."""
EXAMPLES = [
    *((f"What is {n} plus {n + 3} times {n * 2}?", "math") for n in range(12)),
    *((f"Add {n} and {n + 9}, then divide by {n + 1}", "math") for n in range(12)),
    *((f"Write a Python function that sorts list number {n}", "code") for n in range(12)),
    *((f"Fix the bug in this Python loop: for i in range({n}): print(x)", "code") for n in range(12)),
    *((f"How many days from {n + 1} March until {n + 2} June 2024?", "dates") for n in range(12)),
    *((f"Which weekday was the {n + 1}th of May in 1999?", "dates") for n in range(12)),
]


@pytest.fixture(scope="module")
def trained() -> TaskTypeClassifier:
    found = train_classifier(HashedNgrams(), EXAMPLES)
    assert found is not None
    return found


@settings(max_examples=80, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_has_a_unit_vector_and_a_complexity(text: str) -> None:
    features = FeatureReader(HashedNgrams()).read(text)
    assert features.vector.dtype == np.float32
    assert features.vector.shape == (1024,)
    assert float(np.linalg.norm(features.vector)) == pytest.approx(1.0, abs=1e-5)
    assert 0.0 <= features.complexity < 1.0


def test_vectors_are_the_same_on_every_machine() -> None:
    vector = HashedNgrams().embed("Convert 3 miles to km")
    rounded = np.round(vector, 4) + np.float32(0.0)
    assert zlib.crc32(rounded.tobytes()) == GOLDEN


def test_case_does_not_matter_and_wording_does() -> None:
    embedder = HashedNgrams()
    one, same = embedder.embed("Sort the list"), embedder.embed("sort THE list")
    near, far = embedder.embed("Sort this list"), embedder.embed("When is Easter in 2031?")
    assert one == pytest.approx(same)
    assert float(one @ near) > 0.4 > float(one @ far)


def test_the_dimensions_follow_the_bits_and_so_does_the_version() -> None:
    small = HashedNgrams(bits=6)
    assert small.embed("abc").shape == (64,)
    assert small.version != HashedNgrams().version


def test_complexity_grows_with_length_numbers_and_clauses() -> None:
    plain = complexity("Add two numbers")
    assert complexity("") == 0.0
    assert complexity("Add 2 numbers") > plain
    assert complexity("Add two numbers, then halve them if they are even") > plain
    assert complexity("Add two numbers " * 20) > plain
    assert complexity("3.5") == pytest.approx(0.4 / 61 + 0.3 / 5)


def test_a_stated_type_is_believed_and_an_unknown_one_is_general(trained: TaskTypeClassifier) -> None:
    reader = FeatureReader(HashedNgrams(), trained)
    assert reader.read("What is 1 + 1?", "poetry").mixture == {"poetry": 1.0}
    assert FeatureReader(HashedNgrams()).read("What is 1 + 1?").mixture == {UNKNOWN_TYPE: 1.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is 41 plus 7?", "math"),
        ("Write a Python function that reverses a string", "code"),
        ("How many days from 3 April until 9 June 2021?", "dates"),
    ],
)
def test_the_classifier_recognises_new_queries(trained: TaskTypeClassifier, text: str, expected: str) -> None:
    mixture = FeatureReader(HashedNgrams(), trained).read(text).mixture
    assert sum(mixture.values()) == pytest.approx(1.0)
    assert max(mixture, key=mixture.__getitem__) == expected
    assert mixture[expected] > 0.6


def test_training_twice_gives_the_same_classifier(trained: TaskTypeClassifier) -> None:
    again = train_classifier(HashedNgrams(), EXAMPLES)
    assert again is not None
    assert again.version == trained.version


def test_a_classifier_survives_json(trained: TaskTypeClassifier) -> None:
    loaded = TaskTypeClassifier.from_dict(json.loads(json.dumps(trained.to_dict())))
    assert loaded.version == trained.version
    vector = HashedNgrams().embed("What is 5 plus 5?")
    assert loaded.mixture(vector) == trained.mixture(vector)


def test_without_examples_there_is_no_classifier_and_with_one_type_no_doubt() -> None:
    assert train_classifier(HashedNgrams(), []) is None
    single = train_classifier(HashedNgrams(), [("anything", "only")])
    assert single is not None
    assert single.mixture(HashedNgrams().embed("else")) == {"only": 1.0}


class Counting(HashedNgrams):
    """Counts what it is asked for."""

    asked = 0

    def embed(self, text: str) -> Vector:
        self.asked += 1
        return super().embed(text)


def test_a_vector_that_nobody_looks_at_is_not_made_and_one_that_is_looked_at_is_made_once() -> None:
    embedder = Counting()
    features = FeatureReader(embedder).read("Who goes there?")
    assert (embedder.asked, features.text, features.mixture) == (0, "Who goes there?", {UNKNOWN_TYPE: 1.0})
    assert features.vector is features.vector
    assert embedder.asked == 1
    assert not hasattr(features, "colour")


def test_features_travel_and_change_with_their_vector() -> None:
    features = FeatureReader(HashedNgrams()).read("Who goes there?", "gates")
    for other in (pickle.loads(pickle.dumps(features)), replace(features, complexity=1.0)):
        assert np.array_equal(other.vector, HashedNgrams().embed("Who goes there?"))
        assert (other.mixture, other.text) == ({"gates": 1.0}, features.text)


def test_a_text_that_comes_again_is_not_read_again_unless_its_type_is_another(trained: TaskTypeClassifier) -> None:
    embedder = Counting()
    reader = FeatureReader(embedder, trained)
    assert reader.read("What is 7 plus 9?") is reader.read("What is 7 plus 9?")
    assert embedder.asked == 1
    assert reader.read("What is 7 plus 9?", "code").mixture == {"code": 1.0}


def test_the_version_names_embedder_and_classifier(trained: TaskTypeClassifier) -> None:
    assert FeatureReader(HashedNgrams(), trained).version == f"{HashedNgrams().version}/{trained.version}"
    assert FeatureReader(HashedNgrams()).read("x").version == f"{HashedNgrams().version}/untyped"


def test_sentence_embeddings_name_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"stigmergy\[embeddings\]"):
        SentenceEmbedder()
