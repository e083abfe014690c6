"""Budgets that processes spend together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stigmergy.domain import EpisodeId, Spend
from stigmergy.platform.records import Draw, Holding, Lapsed, Proof, Standing


class BudgetStore(Protocol):
    """Budgets that several processes spend together: accounts, and the slices that holders have leased of them.

    A slice counts against its account from when it is drawn. ``taken = spent + written_off + leased <= limit`` after
    every call, unless a limit was lowered or an agent used more than its worst case. Leases go by the database's time.
    """

    async def begin(self, holder: str, lease_s: float) -> None:
        """Let ``holder`` lease slices; its lease runs for ``lease_s`` seconds. An id is never used twice."""
        ...

    async def draw(self, holder: str, draw: Draw) -> Spend:
        """Lease a slice to ``holder``, smaller when less is left; returns it.

        Raises:
            BudgetRefused: less than ``draw.need`` is left; nothing was leased.
            LeaseLost: the holder's slices have been reclaimed.
        """
        ...

    async def enrol(self, holder: str, episode_id: EpisodeId, accounts: Sequence[str]) -> None:
        """Keep in mind, before its first call, that the episode draws on the holder's slices of these accounts.

        Raises:
            LeaseLost: as ``draw``.
        """
        ...

    async def renew(
        self, holder: str, lease_s: float, holdings: Sequence[Holding], settled: Sequence[EpisodeId]
    ) -> None:
        """Prolong the lease, book what was settled, and take back what ``holdings`` do not claim any more.

        ``settled`` are the episodes whose charges the holdings' ``settled`` now contain. Doing it twice changes
        nothing.

        Raises:
            LeaseLost: as ``draw``.
        """
        ...

    async def leave(self, holder: str, holdings: Sequence[Holding]) -> None:
        """Book what was settled and give everything else back. A holder that is gone already is left alone."""
        ...

    async def lapsed(self) -> tuple[Lapsed, ...]:
        """The holders whose lease has run out."""
        ...

    async def reclaim(self, holder: str, proofs: Sequence[Proof]) -> bool:
        """Book what is proven, write off what is in doubt, at most what was held, and give the rest back.

        False: somebody else did, or the holder has renewed; nothing was changed.
        """
        ...

    async def standing(self, account: str) -> Standing:
        """Where the account stands; all zero for one that was never drawn on."""
        ...
