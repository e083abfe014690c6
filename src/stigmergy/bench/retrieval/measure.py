"""One corpus, searched in every way: how long it takes, and how often the right agent is found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from stigmergy.bench.retrieval.corpus import Asked, Corpus
from stigmergy.bench.retrieval.plain import PlainBm25
from stigmergy.domain import AgentId
from stigmergy.routers.retrieval.agent_index import AgentIndex
from stigmergy.routers.retrieval.meanings import embedder_for

KS: Final = (1, 5, 20)
_MEGABYTE: Final = 2**20
_WARM: Final = 5
Search = Callable[[str], Sequence[AgentId]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of searching: milliseconds per query, by the clock and of processor time, and shares of queries.

    Attributes:
        recall: whose right agent is among the first k, by k.
        clones: of the queries whose right agent has a clone: where it stands above it; None where there are none.
    """

    p50_ms: float
    p99_ms: float
    cpu_p50_ms: float
    cpu_p99_ms: float
    recall: Mapping[int, float]
    clones: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One corpus. Seconds to learn the vectors' directions and to build the index; its arrays in MiB."""

    agents: int
    queries: int
    embedder_s: float
    build_s: float
    mebibytes: float
    ways: Mapping[str, Way]

    def document(self) -> dict[str, Any]:
        """JSON-compatible values."""
        found = asdict(self)
        for way in found["ways"].values():
            way["recall"] = {str(k): share for k, share in way["recall"].items()}
        return found


def measure(corpus: Corpus, model: Path | None = None) -> Measured:
    """Build an index over the cards and ask everything, one query at a time.

    Raises:
        MissingExtra: there is a ``model``, but sentence-transformers is not installed.
    """
    begin = time.perf_counter()
    embedder = embedder_for([card.text for card in corpus.cards], model)
    embedded = time.perf_counter()
    index = AgentIndex(corpus.cards, embedder)
    built = time.perf_counter()
    plain = PlainBm25(corpus.cards)
    most = max(KS)
    searches: Mapping[str, Search] = {
        "plain": lambda query: plain.best(query, most),
        "words": lambda query: index.by_words(query, most),
        "vectors": lambda query: index.by_vectors(query, most),
        "fused": lambda query: index.fused(query, most),
        "reranked": lambda query: [found.agent for found in index.search(query, most)],
    }
    return Measured(
        agents=len(corpus.cards),
        queries=len(corpus.asked),
        embedder_s=embedded - begin,
        build_s=built - embedded,
        mebibytes=index.nbytes / _MEGABYTE,
        ways={name: _way(search, corpus.asked) for name, search in searches.items()},
    )


def _way(search: Search, asked: Sequence[Asked]) -> Way:
    for each in asked[:_WARM]:
        search(each.query)
    taken, worked, found = [], [], []
    for each in asked:
        begin, busy = time.perf_counter(), time.process_time()
        found.append(tuple(search(each.query)))
        worked.append((time.process_time() - busy) * 1000)
        taken.append((time.perf_counter() - begin) * 1000)
    recall = {k: float(np.mean([e.agent in f[:k] for e, f in zip(asked, found, strict=True)])) for k in KS}
    (p50, p99), (cpu_p50, cpu_p99) = (np.percentile(times, (50, 99)).tolist() for times in (taken, worked))
    return Way(
        p50_ms=p50,
        p99_ms=p99,
        cpu_p50_ms=cpu_p50,
        cpu_p99_ms=cpu_p99,
        recall=recall,
        clones=_told_apart(asked, found),
    )


def _told_apart(asked: Sequence[Asked], found: Sequence[tuple[AgentId, ...]]) -> float | None:
    """The share of queries with a clone whose right agent was found, and above it if that was found, too."""
    pairs = [(each, names) for each, names in zip(asked, found, strict=True) if each.clone is not None]
    if not pairs:
        return None
    first = [next((name for name in names if name in (each.agent, each.clone)), None) for each, names in pairs]
    return float(np.mean([name == each.agent for name, (each, _) in zip(first, pairs, strict=True)]))
