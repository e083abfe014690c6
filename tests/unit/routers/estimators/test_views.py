"""Texts to vectors: rarity, main directions, and the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stigmergy.routers.base import Vector
from stigmergy.routers.estimators.views import embed_all, embed_cached, learn_semantics
from stigmergy.routers.query_features import HashedNgrams

TEXTS = [f"Please add {number} and {number + 3}" for number in range(30)] + [
    f"Please translate sentence {number} into French" for number in range(30)
]


def test_alike_texts_lie_close_and_others_far() -> None:
    semantics = learn_semantics(TEXTS, bits=10, rank=16)
    sum_one, sum_two, french = (
        semantics.embed(text)
        for text in ("Please add 99 and 102", "Please add 7 and 40", "Please translate sentence 7 into French")
    )
    assert float(np.linalg.norm(sum_one)) == pytest.approx(1.0, abs=1e-5)
    assert sum_one @ sum_two > 0.5
    assert sum_one @ french < 0.3


def test_one_text_is_projected_as_it_is_among_many() -> None:
    semantics = learn_semantics(TEXTS, bits=10, rank=16)
    many = semantics.project(embed_all(semantics.embedder, TEXTS))
    np.testing.assert_allclose(semantics.embed(TEXTS[3]), many[3], atol=1e-5)


def test_learning_twice_gives_one_version_and_other_texts_another() -> None:
    one, two = (learn_semantics(TEXTS, bits=10, rank=16) for _ in range(2))
    assert one.version == two.version != learn_semantics(TEXTS[:40], bits=10, rank=16).version


class Counting(HashedNgrams):
    """Counts what it is asked."""

    asked = 0

    def embed(self, text: str) -> Vector:
        self.asked += 1
        return super().embed(text)


def test_vectors_are_embedded_once_and_then_read_from_disk(tmp_path: Path) -> None:
    embedder = Counting(6)
    one, two = (embed_cached(embedder, TEXTS, tmp_path / "kept") for _ in range(2))
    assert embedder.asked == len(TEXTS)
    np.testing.assert_array_equal(one, two)
    embed_cached(embedder, TEXTS[:5], tmp_path / "kept")
    assert embedder.asked == len(TEXTS) + 5
