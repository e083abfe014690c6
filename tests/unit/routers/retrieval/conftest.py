from __future__ import annotations

from collections.abc import Callable

import pytest

from stigmergy.routers.query_features import HashedNgrams
from stigmergy.routers.retrieval.agent_index import AgentIndex
from stigmergy.routers.retrieval.cards import AgentCard


@pytest.fixture(scope="session")
def index_of() -> Callable[..., AgentIndex]:
    """An index over cards, whose embedder does not depend on them."""

    def index_of(*cards: AgentCard) -> AgentIndex:
        return AgentIndex(cards, HashedNgrams(6))

    return index_of
