"""One holder's slices: what a process has leased of shared accounts, and the tree of accounts that spends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from stigmergy.domain import NANO, NOTHING, Budget, EpisodeId, Spend
from stigmergy.platform.ledger import Account, Ledger
from stigmergy.platform.records import Draw, Holding


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTerms:
    """A slice is ``share`` of its account's limit. A lease runs for ``lease_s`` and is renewed every ``renew_s``.

    Nothing is reserved in the last ``margin_s``, the longest that a call may take: at the end of a lease no call that
    counts under it is on its way.
    """

    lease_s: float
    margin_s: float
    renew_s: float = 2.0
    share: Decimal = Decimal("0.02")


@dataclass(slots=True)
class _Slice:
    """What was drawn of one account and not given back; ``settled`` is what closed tasks used of it."""

    account: Account
    whole: Spend
    settled: Spend = NOTHING
    used: bool = False
    """Whether anything was reserved since the last renewal."""

    def free(self) -> Spend:
        return self.account.budget.left(self.account.held())


class Slices:
    """The slices that ``holder`` has leased. Local bookkeeping only; what the store was told is the caller's matter.

    ``limits`` are the shared accounts with their whole budgets. An account's limit here is what was drawn of it, so
    that the tree refuses exactly what is not covered by a lease.
    """

    def __init__(self, holder: str, limits: Mapping[str, Budget], share: Decimal) -> None:
        self.holder = holder
        self.ledger = Ledger()
        self._limits = limits
        self._share = share
        self._slices: dict[str, _Slice] = {}
        self._ended: list[EpisodeId] = []

    def open_task(self, name: str, budget: Budget, chain: Sequence[str]) -> None:
        """Open a task's account below the shared ones, of which ``chain`` names the outermost first."""
        parent: str | None = None
        for each in chain:
            if each not in self._slices:
                whole = self._limits[each]
                opened = self.ledger.open_account(each, whole.within(NOTHING), parent)
                self._slices[each] = _Slice(opened, part_of(whole, self._share))
            parent = each
        self.ledger.open_account(name, budget, parent)

    def close_task(self, name: str, episode_id: EpisodeId, chain: Sequence[str]) -> None:
        """Take a task's account out; what it used is to be settled with the next renewal."""
        used = self.ledger.forfeit(name).spent
        for each in chain:
            self._slices[each].settled += used
        self._ended.append(episode_id)

    def free(self, account: str) -> Spend:
        """What is drawn and neither spent nor reserved."""
        return self._slices[account].free() if account in self._slices else NOTHING

    def cover(self, account: str, amount: Spend) -> bool:
        """Whether ``amount`` can be reserved on the account without drawing anything."""
        known = self._slices[account]
        return known.account.budget.allows(known.account.held() + amount)

    def touched(self, chain: Sequence[str]) -> None:
        """Something was reserved below these accounts."""
        for each in chain:
            self._slices[each].used = True

    def wish(self, account: str, amount: Spend) -> Draw:
        """What has to be drawn so that ``amount`` fits; better, that a whole slice is free."""
        known = self._slices[account]
        free = known.free()
        return Draw(account, self._limits[account], amount.beyond(free), known.whole.beyond(free))

    def running_low(self, chain: Sequence[str]) -> list[Draw]:
        """Draws for the slices of which less than a quarter is left."""
        quarters = {each: part_of(self._limits[each], self._share / 4) for each in chain}
        low = [each for each, quarter in quarters.items() if not quarter.at_most(self._slices[each].free())]
        return [self.wish(each, NOTHING) for each in low]

    def add(self, account: str, drawn: Spend) -> None:
        """The store leased this much more."""
        self._set_granted(self._slices[account], self._granted(self._slices[account]) + drawn)

    def give_back(self) -> None:
        """Keep what is held and, of an account that was used lately, one slice; the rest is not claimed any more."""
        for known in self._slices.values():
            kept = known.free().capped(known.whole) if known.used else NOTHING
            known.used = False
            self._set_granted(known, known.account.held() + kept)

    def holdings(self) -> list[Holding]:
        """What is claimed of every account, and what of it is used for good."""
        return [Holding(name, self._granted(each), each.settled) for name, each in self._slices.items()]

    @property
    def ended(self) -> tuple[EpisodeId, ...]:
        """The episodes that are settled and not yet reported."""
        return tuple(self._ended)

    def reported(self, episodes: Sequence[EpisodeId]) -> None:
        """The store knows of these episodes' ends."""
        self._ended = [each for each in self._ended if each not in set(episodes)]

    def _granted(self, known: _Slice) -> Spend:
        """What is drawn; of a resource without a limit, what is held of it, so that its use is booked as well."""
        budget, held = known.account.budget, known.account.held()
        return Spend(
            held.usd if budget.max_usd is None else budget.max_usd,
            held.tokens if budget.max_tokens is None else budget.max_tokens,
            held.calls if budget.max_calls is None else budget.max_calls,
        )

    def _set_granted(self, known: _Slice, granted: Spend) -> None:
        known.account.budget = known.account.budget.within(granted)


def part_of(limit: Budget, share: Decimal) -> Spend:
    """The share of a limit, rounded up, so that it is not nothing; nothing of what has no limit."""
    whole = limit.left(NOTHING)
    usd = (whole.usd * share).quantize(NANO, rounding=ROUND_UP)
    return Spend(usd, _rounded_up(whole.tokens * share), _rounded_up(whole.calls * share))


def _rounded_up(amount: Decimal) -> int:
    return int(amount.to_integral_value(rounding=ROUND_UP))
