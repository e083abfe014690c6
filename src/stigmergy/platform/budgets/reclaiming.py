"""What a process that died had leased comes back, as far as the journal proves it unspent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from stigmergy.domain import NOTHING, EpisodeId, Spend
from stigmergy.platform.episode.charges import Charge, Settlement, charges
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.episode.names import is_direct
from stigmergy.platform.ports import BudgetStore, Journal
from stigmergy.platform.records import Lapsed, Proof

logger = logging.getLogger(__name__)


class Reclaiming:
    """Looks for holders whose lease has run out. Any process may; what one has reclaimed, no other does again."""

    def __init__(self, budgets: BudgetStore, journal: Journal) -> None:
        self._budgets = budgets
        self._journal = journal

    async def reclaim(self) -> int:
        """Book what lapsed holders spent and free the rest; returns how many holders that were."""
        found = 0
        for lapsed in await self._budgets.lapsed():
            proofs = await self._proofs(lapsed)
            if await self._budgets.reclaim(lapsed.holder, proofs):
                logger.warning("what %s had leased of budgets is reclaimed: %s", lapsed.holder, proofs)
                found += 1
        return found

    async def _proofs(self, lapsed: Lapsed) -> tuple[Proof, ...]:
        """Per account that was held, the sums over the journals of the episodes that drew on it.

        Every call is announced in the journal before it is made, so what is not told there was not sent. A direct
        episode is stored when it has ended: one of which nothing is stored leaves all that was held in doubt.
        """
        told: dict[EpisodeId, tuple[Charge, ...] | None] = {}
        for episode_id in sorted({episode_id for episode_id, _ in lapsed.episodes}):
            told[episode_id] = await self._told(episode_id, lapsed.holder)
        proofs = []
        for holding in lapsed.holdings:
            drew = [episode_id for episode_id, account in lapsed.episodes if account == holding.account]
            known = [charge for each in drew for charge in told[each] or ()]
            untold = any(told[each] is None and is_direct(each) for each in drew)
            in_doubt = holding.granted if untold else _charged(known, _is_open)
            proofs.append(Proof(holding.account, _charged(known, _has_ended), in_doubt))
        return tuple(proofs)

    async def _told(self, episode_id: EpisodeId, holder: str) -> tuple[Charge, ...] | None:
        """The episode's charges under the holder's grant; None where nothing of the episode is stored."""
        stored = await self._journal.read(episode_id)
        if not stored:
            return None
        return tuple(each for each in charges(decode(event.payload) for event in stored) if each.grant == holder)


def _charged(known: Sequence[Charge], counts: Callable[[Charge], bool]) -> Spend:
    return sum((each.charged for each in known if counts(each)), NOTHING)


def _is_open(charge: Charge) -> bool:
    return charge.settlement is Settlement.UNKNOWN


def _has_ended(charge: Charge) -> bool:
    return not _is_open(charge)
