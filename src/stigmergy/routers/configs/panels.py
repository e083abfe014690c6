"""Rules by which panels ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from stigmergy.routers.configs.ranges import require


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementConfig:
    """A panel asks its cheapest agents first, and stops once ``agreeing`` (at least 1) gave the same answer."""

    kind: Literal["agreement"] = "agreement"
    agreeing: int = 2

    def __post_init__(self) -> None:
        require("agreeing", self.agreeing, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceConfig:
    """A panel asks and stops as its ``artifact`` of ``stigmergy train evidence`` has learnt.

    ``price`` is what spending the best single agent's mean cost once is worth in quality; ``check_share`` in [0, 1] of
    the unanimous answers are checked all the same.
    """

    kind: Literal["evidence"] = "evidence"
    artifact: Path
    price: float = 0.1
    check_share: float = 0.02

    def __post_init__(self) -> None:
        require("price", self.price, least=0.0)
        require("check_share", self.check_share, least=0.0, most=1.0)


PanelRuleConfig: TypeAlias = AgreementConfig | EvidenceConfig
