"""Who decides in the place of a configured router, and who looks on: as the engine knows of policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from stigmergy.domain import EpisodeId, Task
from stigmergy.platform.engine.hops import HopView, RouterInService
from stigmergy.platform.episode.events import HopChosen


@dataclass(frozen=True, slots=True)
class Decided:
    """A hop that a router decided, what it was decided from, and the number of its event in the episode.

    ``router`` is the one that the task asks for; ``trade_off`` the task's own, None where it has none.
    """

    episode_id: EpisodeId
    seq: int
    router: str
    view: HopView
    hop: HopChosen
    trade_off: float | None = None


class Policies(Protocol):
    """The policies that are in service at the moment."""

    def deciding(self, router: RouterInService, task: Task, began_with: str = "") -> RouterInService:
        """Who decides for a task that asks for ``router``; ``began_with`` names the policy that it is resumed from."""
        ...

    def decided(self, decided: Decided) -> None:
        """Take note of a hop. Never waits, never raises."""
        ...


class AsConfigured:
    """``Policies`` where there are none."""

    def deciding(self, router: RouterInService, task: Task, began_with: str = "") -> RouterInService:  # noqa: ARG002 -- a protocol
        """See ``Policies``."""
        return router

    def decided(self, decided: Decided) -> None:
        """See ``Policies``."""


NO_POLICIES: Final = AsConfigured()
