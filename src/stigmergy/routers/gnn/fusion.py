"""Several agents instead of one: the best few, and how much each of their replies counts."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp


def best_with_weights(values: Sequence[float], count: int, temperature: float = 0.1) -> tuple[tuple[int, float], ...]:
    """The places of the ``count`` highest scores, best first, with ``softmax(score / temperature)`` over them alone.

    The weights add up to 1, and are what a weighted vote of the replies takes.
    """
    chosen = sorted(range(len(values)), key=lambda place: (-values[place], place))[:count]
    shares = [exp((values[place] - values[chosen[0]]) / temperature) for place in chosen]
    return tuple((place, share / sum(shares)) for place, share in zip(chosen, shares, strict=True))
