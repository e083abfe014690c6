"""From any number of described agents, the few that a query is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from threading import Lock
from typing import Final

import numpy as np

from stigmergy.domain import AgentId
from stigmergy.errors import DuplicateAgent, UnknownAgent
from stigmergy.routers.base import Vector
from stigmergy.routers.query_features import Embedder
from stigmergy.routers.retrieval.cards import FIELDS, AgentCard
from stigmergy.routers.retrieval.config import POOL
from stigmergy.routers.retrieval.lexical import Heard, LexicalIndex
from stigmergy.routers.retrieval.meanings import vectors_of
from stigmergy.routers.retrieval.ranking import Slots, fuse, top
from stigmergy.routers.retrieval.reranking import FEATURES, STANDARD, Features, Weights, rerank
from stigmergy.routers.retrieval.tallies import Alive
from stigmergy.routers.retrieval.track_record import TrackRecord
from stigmergy.routers.retrieval.vectors import VectorIndex

_LEAST_CHANGES: Final = 256
_CHANGED: Final = 1 / 16


@dataclass(frozen=True, slots=True)
class Found:
    """One agent that was found: its score, and the figures behind it (``reranking.FEATURES``)."""

    agent: AgentId
    score: float
    figures: tuple[float, ...]

    def evidence(self) -> dict[str, float]:
        """The figures by name."""
        return dict(zip(FEATURES, self.figures, strict=True))


class AgentIndex:
    """Cards in slots, searched by words (BM25F) and vectors, fused by reciprocal rank, and looked at again.

    Cards are added and removed while it is searched. Changes are worked in once they are more than a sixteenth of the
    cards; what is found does not wait for that. Thread-safe.

    Args:
        cards: no agent twice.
        embedder: of cards and queries; it stays as it is whatever is added.
        pool: how many cards words and vectors bring up, each, to be looked at again.
        weights: of that second look.

    Raises:
        DuplicateAgent: an agent has two cards.
    """

    def __init__(
        self, cards: Sequence[AgentCard], embedder: Embedder, *, pool: int = POOL, weights: Weights = STANDARD
    ) -> None:
        self.record: Final = TrackRecord()
        self._embedder = embedder
        self._pool = pool
        self._weights = weights
        self._slots = {card.agent: slot for slot, card in enumerate(cards)}
        if len(self._slots) < len(cards):
            raise DuplicateAgent(next(card.agent for slot, card in enumerate(cards) if self._slots[card.agent] != slot))
        self._agents: list[AgentId] = [card.agent for card in cards]
        self._alive: Alive = np.ones(len(cards), dtype=np.bool_)
        self.lexical: Final = LexicalIndex(cards)
        self.vectors: Final = VectorIndex(vectors_of(embedder, [card.text for card in cards]))
        self._changes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, agent: object) -> bool:
        return agent in self._slots

    def has(self, agents: Sequence[AgentId]) -> Alive:
        """Which of the agents have a card, shape (agents,)."""
        return np.fromiter(map(self._slots.__contains__, agents), np.bool_, len(agents))

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        return self.lexical.nbytes + self.vectors.nbytes + self._alive.nbytes

    def add(self, card: AgentCard) -> None:
        """One more agent; raises DuplicateAgent."""
        vector = self._embedder.embed(card.text)
        with self._lock:
            if card.agent in self._slots:
                raise DuplicateAgent(card.agent)
            self._slots[card.agent] = len(self._agents)
            self._agents.append(card.agent)
            self._alive = np.append(self._alive, np.True_)
            self.lexical.add(card)
            self.vectors.add(vector)
            self._changed()

    def remove(self, agent: AgentId) -> None:
        """One agent less; raises UnknownAgent."""
        with self._lock:
            slot = self._slots.pop(agent, None)
            if slot is None:
                raise UnknownAgent(agent, tuple(self._slots))
            self._alive[slot] = False
            self.lexical.remove(slot)
            self._changed()

    def compact(self) -> None:
        """Work all changes in: from then on it is as if built from the cards that are there."""
        with self._lock:
            self._compact()

    def by_words(self, query: str, k: int) -> tuple[AgentId, ...]:
        """The ``k`` best by BM25F alone."""
        with self._lock:
            return self._named(self._heard(query, self._alive).best(k))

    def by_vectors(self, query: str, k: int) -> tuple[AgentId, ...]:
        """The ``k`` nearest vectors."""
        vector = self._embedder.embed(query)
        with self._lock:
            return self._named(self.vectors.nearest(vector, k, self._alive))

    def fused(self, query: str, k: int) -> tuple[AgentId, ...]:
        """The ``k`` best of both rankings, fused and not looked at again."""
        vector = self._embedder.embed(query)
        with self._lock:
            return self._named(self._brought_up(self._heard(query, self._alive), vector, k, self._alive)[:k])

    def search(self, query: str, k: int, among: Sequence[AgentId] | None = None) -> tuple[Found, ...]:
        """The ``k`` agents that a query is for, best first; fewer where no more are there.

        Args:
            query: in the words of a user.
            k: at least 1.
            among: the only agents that count, where not all do; those without a card are passed over.
        """
        vector = self._embedder.embed(query)
        with self._lock:
            allowed = self._alive if among is None else self._allowed(among)
            heard = self._heard(query, allowed)
            slots = self._brought_up(heard, vector, k, allowed)
            agents = self._named(slots)
            covered = self.lexical.coverage(slots.tolist(), heard)
            figures: Features = np.column_stack(
                (
                    heard.shares(slots),
                    self.vectors.products(vector, slots),
                    covered[:, FIELDS.index("name")],
                    covered[:, FIELDS.index("body")],
                    self.record.success(agents),
                )
            )
        scores = rerank(figures, self._weights)
        return tuple(
            Found(agents[place], float(scores[place]), tuple(figures[place].tolist()))
            for place in top(scores, k).tolist()
        )

    def _heard(self, query: str, allowed: Alive) -> Heard:
        return self.lexical.hear(query, len(self), allowed)

    def _brought_up(self, heard: Heard, vector: Vector, k: int, allowed: Alive) -> Slots:
        pool = max(self._pool, k)
        return fuse((heard.best(pool), self.vectors.nearest(vector, pool, allowed)))[:pool]

    def _named(self, slots: Slots) -> tuple[AgentId, ...]:
        return tuple(self._agents[slot] for slot in slots.tolist())

    def _allowed(self, among: Sequence[AgentId]) -> Alive:
        # No loop of Python's own: there may be as many as there are cards.
        slots = np.fromiter(map(self._slots.get, among, repeat(-1)), np.intp, len(among))
        allowed = np.zeros(len(self._agents), dtype=np.bool_)
        allowed[slots[slots >= 0]] = True
        return allowed

    def _changed(self) -> None:
        self._changes += 1
        if self._changes > max(_LEAST_CHANGES, _CHANGED * len(self)):
            self._compact()

    def _compact(self) -> None:
        self.lexical.compact(self._alive)
        self.vectors.compact(self._alive)
        self._agents = [agent for agent, alive in zip(self._agents, self._alive, strict=True) if alive]
        self._slots = {agent: slot for slot, agent in enumerate(self._agents)}
        self._alive = np.ones(len(self._agents), dtype=np.bool_)
        self._changes = 0
