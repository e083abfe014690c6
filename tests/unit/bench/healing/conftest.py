from __future__ import annotations

from collections.abc import Mapping

import pytest

from stigmergy.bench.healing.topology import NAMES, Topology, load_topology


@pytest.fixture(scope="session")
def topologies() -> Mapping[str, Topology]:
    return {name: load_topology(name) for name in NAMES}
