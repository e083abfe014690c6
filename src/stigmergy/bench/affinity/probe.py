"""One load, offered for a while: what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LATE_SHARE: Final = 0.01
"""Of 100 requests 99 are to be answered in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Within how many seconds a request is to be answered; those of the first ``settling_s`` do not count."""

    slo_s: float
    seconds: float
    settling_s: float

    def counts(self, at_s: float) -> bool:
        """Whether a request that came then does."""
        return at_s >= self.settling_s


@dataclass(frozen=True, slots=True)
class Answer:
    """One request: how long it took, its tokens, those of them cached, and by whom."""

    latency_s: float
    tokens: int = 0
    cached: int = 0
    replica: str = ""
    at_home: bool = False
    """Whether it was one of the two replicas that the prefix is hashed to."""
    failed: bool = False
    lag_s: float = 0.0
    """How much of the time had passed before it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """``kept``: at most 1 % of the requests were late or failed. ``hit_rate``: share of tokens found in a cache."""

    rate: float
    requests: int
    late_share: float
    p50_s: float
    p99_s: float
    hit_rate: float
    home_share: float
    busiest_share: float
    """Of the requests, those that the busiest replica had."""
    lag_s: float
    """The longest that a request was sent after it was due: what the machine, not the routing, is to blame for."""

    @property
    def kept(self) -> bool:
        """Whether the load was within the limit."""
        return self.late_share <= LATE_SHARE


def summed_up(rate: float, answers: Sequence[Answer], limit: Limit) -> Probe:
    """The requests of one load, at least one; those that failed count as late."""
    latencies = sorted(each.latency_s for each in answers)
    replicas = [each.replica for each in answers]
    return Probe(
        rate=rate,
        requests=len(answers),
        late_share=sum(each.failed or each.latency_s > limit.slo_s for each in answers) / len(answers),
        p50_s=latencies[len(latencies) // 2],
        p99_s=latencies[min(len(latencies) - 1, int(0.99 * len(latencies)))],
        hit_rate=sum(each.cached for each in answers) / max(1, sum(each.tokens for each in answers)),
        home_share=sum(each.at_home for each in answers) / len(answers),
        busiest_share=max(map(replicas.count, set(replicas))) / len(answers),
        lag_s=max(each.lag_s for each in answers),
    )
