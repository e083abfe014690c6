"""What can go wrong while an episode runs."""

from __future__ import annotations

from typing import ClassVar

from stigmergy.errors.base import StigmergyError


class RoutingError(StigmergyError):
    """A router could not score, or nothing could be chosen."""

    code = "routing_error"


class NoFeasibleHop(RoutingError):
    """The mask leaves no successor; ``reasons`` says why each one is out."""

    code = "no_feasible_hop"

    def __init__(self, position: str, reasons: tuple[tuple[str, str], ...]) -> None:
        super().__init__(position, reasons)
        self.position, self.reasons = position, reasons

    def __str__(self) -> str:
        why = "; ".join(f"{node}: {reason}" for node, reason in self.reasons) or "it has no successors"
        return f"no feasible hop from {self.position!r} ({why})"


class InvalidScores(RoutingError):
    """A router returned scores that no choice can be made from."""

    code = "invalid_scores"

    def __init__(self, router: str, reason: str) -> None:
        super().__init__(router, reason)
        self.router, self.reason = router, reason

    def __str__(self) -> str:
        return f"router {self.router!r} returned unusable scores: {self.reason}"


class LedgerError(StigmergyError):
    """A reservation, commit or release that the ledger cannot book."""

    code = "ledger_error"


class BudgetRefused(LedgerError):
    """An account has too little left for a reservation; the outermost refusing account is named."""

    code = "budget_refused"

    def __init__(self, account: str, resource: str, asked: str, left: str) -> None:
        super().__init__(account, resource, asked, left)
        self.account, self.resource, self.asked, self.left = account, resource, asked, left

    def __str__(self) -> str:
        return f"account {self.account!r} refuses {self.asked} {self.resource}: {self.left} left"


class UnknownReservation(LedgerError):
    """A commit or release of a reservation that is not open (never made, or already settled)."""

    code = "unknown_reservation"

    def __init__(self, reservation: str) -> None:
        super().__init__(reservation)
        self.reservation = reservation

    def __str__(self) -> str:
        return f"reservation {self.reservation!r} is not open: it was never made or is already settled"


class EpisodeError(StigmergyError):
    """The life of an episode went against its rules."""

    code = "episode_error"


class NotResumable(EpisodeError):
    """A run that a process left unfinished cannot be taken up again."""

    code = "not_resumable"

    def __init__(self, episode_id: str, reason: str) -> None:
        super().__init__(episode_id, reason)
        self.episode_id, self.reason = episode_id, reason

    def __str__(self) -> str:
        return f"episode {self.episode_id!r} cannot be resumed: {self.reason}"


class NotAnswered(EpisodeError):
    """The run of a task came to an end without an answer; ``status`` says to which."""

    code = "not_answered"

    def __init__(self, episode_id: str, status: str, reason: str) -> None:
        super().__init__(episode_id, status, reason)
        self.episode_id, self.status, self.reason = episode_id, status, reason

    def __str__(self) -> str:
        return f"episode {self.episode_id} ended as {self.status} without an answer: {self.reason}"


class AgentsOverloaded(NotAnswered):
    """The run ended without an answer because its agents had no room: the same task may do better in a moment.

    ``retry_after_s`` is a guess: full queues do not say when they empty.
    """

    code = "agents_overloaded"
    retry_after_s: ClassVar[float] = 1.0


class IllegalEvent(EpisodeError):
    """An event that cannot happen in the state it met."""

    code = "illegal_event"

    def __init__(self, event: str, phase: str) -> None:
        super().__init__(event, phase)
        self.event, self.phase = event, phase

    def __str__(self) -> str:
        return f"event {self.event} cannot happen while the episode is {self.phase}"
