from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stigmergy.routers.retrieval.vectors import SCANNED, Matrix, VectorIndex


def unit(rng: np.random.Generator, rows: int, dimensions: int) -> Matrix:
    found = rng.standard_normal((rows, dimensions)).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 200), k=st.integers(1, 20), removed=st.floats(0, 0.9))
def test_short_vectors_are_compared_exactly(seed: int, rows: int, k: int, removed: float) -> None:
    rng = np.random.default_rng(seed)
    vectors, (query,) = unit(rng, rows, 12), unit(rng, 1, 12)
    among = rng.random(rows) >= removed
    products = np.where(among, vectors @ query, -np.inf)
    expected = [row for row in np.argsort(-products, kind="stable") if among[row]][:k]
    assert VectorIndex(vectors).nearest(query, k, among).tolist() == expected


def test_long_vectors_that_vary_along_few_axes_are_found_as_if_looked_at_whole() -> None:
    rng = np.random.default_rng(3)
    vectors = unit(rng, 2_000, 40) @ unit(rng, 40, 3 * SCANNED)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = VectorIndex(vectors)
    for query in vectors[:5]:
        expected = np.argsort(-(vectors @ query))[:10]
        assert set(index.nearest(query, 10, np.ones(2_000, np.bool_)).tolist()) == set(expected.tolist())
        assert np.allclose(index.products(query, expected), (vectors @ query)[expected], atol=1e-5)


def test_vectors_that_are_added_later_are_found_too() -> None:
    rng = np.random.default_rng(1)
    vectors = unit(rng, 300, 2 * SCANNED)
    index = VectorIndex(vectors[:100])
    for vector in vectors[100:]:
        index.add(vector)
    assert len(index) == 300
    assert index.nearest(vectors[250], 1, np.ones(300, np.bool_)).tolist() == [250]
