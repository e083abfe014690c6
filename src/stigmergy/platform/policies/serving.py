"""The policies that this process serves with: looked up beside the path, swapped whole between two decisions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from stigmergy.domain import Task
from stigmergy.errors import InvalidPolicy, StoreUnavailable
from stigmergy.platform.engine import RouterInService
from stigmergy.platform.engine.policies import Decided
from stigmergy.platform.policies.shadowing import Shadowing
from stigmergy.platform.policies.traffic import is_canarys
from stigmergy.platform.policy_records import PolicyRecord, Stage
from stigmergy.platform.ports import PolicyStore

logger = logging.getLogger(__name__)

LOOK_S: Final = 0.5
"""How often a process looks which policies are to serve: with loading, all have swapped within two seconds."""

Load: TypeAlias = Callable[[PolicyRecord, bytes], RouterInService]
"""Makes of a policy and its artifact what decides; raises InvalidPolicy. Takes its time."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    record: PolicyRecord
    router: RouterInService


@dataclass(frozen=True, slots=True)
class _LineUp:
    """Who is in service for one router."""

    active: _Loaded | None = None
    canary: _Loaded | None = None
    shadow: _Loaded | None = None

    def named(self, policy: str) -> _Loaded | None:
        everyone = (self.active, self.canary, self.shadow)
        return next((each for each in everyone if each is not None and each.record.name == policy), None)


class PolicyService:
    """Implements ``engine.Policies`` by what the registry says.

    What cannot be loaded, or does not fit, is logged once and remembered in ``problems`` by its name: the active policy
    before it decides on, or the router as it is configured.
    """

    def __init__(self, store: PolicyStore, load: Load, shadowing: Shadowing) -> None:
        self._store = store
        self._load = load
        self._shadowing = shadowing
        self._line_ups: Mapping[str, _LineUp] = {}
        self._routers: dict[tuple[str, bool], RouterInService] = {}
        self._loop: asyncio.Task[None] | None = None
        self.problems: dict[str, str] = {}

    def start(self) -> None:
        """Begin to look, in the running event loop."""
        self._shadowing.start()
        self._loop = asyncio.create_task(self._watch(), name="policies")

    async def aclose(self) -> None:
        """Stop; what shadows have still to score is scored."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        await self._shadowing.aclose()

    async def drain(self) -> None:
        """Wait until shadows have scored everything that was decided so far."""
        await self._shadowing.drain()

    def deciding(self, router: RouterInService, task: Task, began_with: str = "") -> RouterInService:
        """See ``Policies``. What is resumed keeps the policy that it began with, as long as that is in service."""
        line_up = self._line_ups.get(router.name, _LineUp())
        if began_with:
            return self._same(router, line_up, task, began_with)
        canary = line_up.canary
        if canary is not None and is_canarys(task.id, canary.record.name, canary.record.share):
            return canary.router
        return router if line_up.active is None else line_up.active.router

    def decided(self, decided: Decided) -> None:
        """See ``Policies``."""
        line_up = self._line_ups.get(decided.router)
        if line_up is not None and line_up.shadow is not None:
            self._shadowing.take(line_up.shadow.record.name, line_up.shadow.router, decided)

    async def look(self) -> None:
        """Look once which policies are to serve, load what is new, and swap.

        Raises:
            StoreUnavailable: the registry cannot be read; everything stays as it is.
        """
        records = await self._store.serving()
        found: dict[str, _LineUp] = {}
        for record in records:
            loaded = await self._loaded(record)
            line_up = found.get(record.policy.router, _LineUp())
            if loaded is None and record.stage is Stage.ACTIVE:
                loaded = self._line_ups.get(record.policy.router, _LineUp()).active
            found[record.policy.router] = replace(line_up, **{record.stage.value: loaded})
        names = {record.name for record in records}
        self._routers = {key: router for key, router in self._routers.items() if key[0] in names}
        self.problems = {name: problem for name, problem in self.problems.items() if name in names}
        # One assignment: a decision sees the line-ups before it or after it.
        self._line_ups = found

    async def _loaded(self, record: PolicyRecord) -> _Loaded | None:
        if record.name in self.problems:
            return None
        # A shadow scores in a thread; who decides does so in the loop: never both with one router.
        key = record.name, record.stage is Stage.SHADOW
        if key not in self._routers:
            try:
                artifact = await self._store.artifact(record.policy.fingerprint)
                self._routers[key] = await asyncio.to_thread(self._load, record, artifact)
            except InvalidPolicy as error:
                self.problems[record.name] = str(error)
                logger.error("%s does not serve as %s: %s", record.name, record.stage, error)  # noqa: TRY400 -- says it all
                return None
            logger.info("%s serves as %s", record.name, record.stage)
        return _Loaded(record, self._routers[key])

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:
                logger.warning("the policies in service stay as they are: %s", error)
            except Exception:  # whatever a policy does to its loader, what serves goes on
                logger.exception("the policies in service stay as they are")
            await asyncio.sleep(LOOK_S)

    def _same(self, router: RouterInService, line_up: _LineUp, task: Task, began_with: str) -> RouterInService:
        found = line_up.named(began_with)
        if found is not None:
            return found.router
        if began_with.rpartition("@")[0] == router.name and began_with.rpartition("@")[2].isdecimal():
            goes_on = router if line_up.active is None else line_up.active.router
            logger.warning(
                "task %s began with %s, which serves no more; %s decides the rest",
                task.id,
                began_with,
                goes_on.policy_version(),
            )
            return goes_on
        return router
