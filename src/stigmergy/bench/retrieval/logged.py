"""Agents whose bodies are logged queries: who is found for the queries of another split?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from stigmergy.bench.retrieval.corpus import Asked, Corpus
from stigmergy.errors import InvalidLog
from stigmergy.platform.learning.guarding.guard_log import Queries, read_guard_log
from stigmergy.routers.retrieval.cards import AgentCard

SUITE: Final = "clinc150"


def read_corpus(path: Path, suite: str = SUITE) -> Corpus:
    """An agent per intent of a suite: its name, and its train queries as body; what is asked are the test queries.

    Raises:
        InvalidLog: the file cannot be read, or the suite or one of the two splits is not in it.
    """
    splits = read_guard_log(path).suite(suite)
    if "test" not in splits:
        raise InvalidLog(str(path), f"its suite {suite!r} has no rows of the split test")
    bodies: dict[str, list[str]] = {}
    for query, intent in _known(splits["train"]):
        bodies.setdefault(intent, []).append(query)
    cards = tuple(
        AgentCard(agent=intent, name=intent.replace("_", " "), body="\n".join(queries))
        for intent, queries in sorted(bodies.items())
    )
    return Corpus(cards, tuple(Asked(query=query, agent=intent) for query, intent in _known(splits["test"])))


def _known(queries: Queries) -> list[tuple[str, str]]:
    found = queries.take(~queries.strange)
    return [(str(query), str(label)) for query, label in zip(found.query, found.label, strict=True)]
