"""Does the stored journal still lead to the stored summary? Folded anew and compared field by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from pydantic import ValidationError

from stigmergy.domain import Episode, EpisodeId, Failure, Spend, Usage, from_nano, to_nano
from stigmergy.errors import IllegalEvent
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import advance
from stigmergy.platform.episode.codec import decode
from stigmergy.platform.episode.state import EpisodeState, Phase
from stigmergy.platform.ports import Store
from stigmergy.platform.records import StoredEvent

JOURNAL = "journal"
"""What a difference is about when the events by themselves lead nowhere."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of the summary that the journal tells otherwise."""

    field: str
    stored: object
    replayed: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """An episode told twice, by its summary (``stored``) and by its events, and where the two differ."""

    stored: Episode
    events: int
    differences: tuple[Difference, ...]


class _LeadsNowhere(Exception):
    """The events are no episode; the text says why."""


async def replay(store: Store, episode_id: EpisodeId) -> Replay:
    """Fold an episode's journal and compare.

    Compared are all fields of the summary but its times, which are taken beside the events, and its head, which is
    for ``verify``. Money is compared in nano-dollars, as it is stored.

    Raises:
        EpisodeNotFound: no summary is stored under this id.
        RecordUnreadable: a row is not of the form that was written.
        StoreUnavailable: the store cannot be read.
    """
    stored, events = await _read(store, episode_id)
    try:
        differences = tuple(_differences(stored, _told(stored, events)))
    except _LeadsNowhere as error:
        differences = (Difference(JOURNAL, stored.status.value, str(error)),)
    return Replay(stored=stored, events=len(events), differences=differences)


async def _read(store: Store, episode_id: EpisodeId) -> tuple[Episode, Sequence[StoredEvent]]:
    """Summary and events as they were at one moment: feedback may change both between two reads."""
    episode = await store.episodes.get(episode_id)
    while True:
        before, events = episode, await store.journal.read(episode_id)
        episode = await store.episodes.get(episode_id)
        if episode == before:
            return episode, events


def _told(stored: Episode, journal: Sequence[StoredEvent]) -> Episode:
    """The summary that the events tell; what they do not tell is taken from the stored one."""
    events = [_decoded(event) for event in journal]
    state = _folded(events)
    accepted = next((event for event in events if isinstance(event, ev.Accepted)), None)
    if state.phase is not Phase.ENDED or accepted is None:
        raise _LeadsNowhere(f"{len(events)} events do not reach an end: the episode is {state.phase.value}")
    return replace(
        stored,
        task_id=accepted.task_id,
        graph=accepted.graph,
        router=accepted.router,
        task_type=max(accepted.mixture, key=lambda t: accepted.mixture[t], default=None),
        status=state.status,
        reason=state.reason,
        route=state.route,
        answer=state.answer,
        usage=state.usage,
        charged_usd=state.charged.usd,
        reroutes=state.reroutes,
        failures=state.failures,
        dropped=state.dropped,
        control_llm_calls=state.control_llm_calls,
        quality=state.quality,
        policy=accepted.versions.policy if stored.policy else "",
    )


def _decoded(event: StoredEvent) -> ev.Event:
    try:
        decoded = decode(event.payload)
    except ValidationError as error:
        raise _LeadsNowhere(f"event {event.seq} is no event: {error.errors()[0]['msg']}") from error
    if decoded.kind != event.kind:
        raise _LeadsNowhere(f"event {event.seq} is filed as {event.kind!r} and is a {decoded.kind!r}")
    return decoded


def _folded(events: Sequence[ev.Event]) -> EpisodeState:
    state = EpisodeState()
    for number, event in enumerate(events):
        try:
            state, _ = advance(state, event)
        except IllegalEvent as error:
            raise _LeadsNowhere(f"event {number} cannot follow: {error}") from error
    return state


def _differences(stored: Episode, told: Episode) -> list[Difference]:
    pairs = [(field.name, getattr(stored, field.name), getattr(told, field.name)) for field in fields(Episode)]
    return [Difference(*pair) for pair in pairs if _as_stored(pair[1]) != _as_stored(pair[2])]


def _as_stored(value: object) -> object:
    """The value with its money as whole nano-dollars."""
    match value:
        case Decimal():
            return to_nano(value)
        case Usage() | Spend():
            return replace(value, usd=from_nano(to_nano(value.usd)))
        case Failure():
            return replace(value, charged=replace(value.charged, usd=from_nano(to_nano(value.charged.usd))))
        case tuple():
            return tuple(_as_stored(item) for item in value)
        case _:
            return value
