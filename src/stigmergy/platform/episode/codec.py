"""Events to canonical JSON and back. The kind tag says which event it is; unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from stigmergy.errors import RecordUnreadable
from stigmergy.platform.episode.events import Event
from stigmergy.platform.records import StoredEvent

# A router's evidence may hold infinities, which JSON has no numbers for.
_CONFIG = ConfigDict(extra="forbid", ser_json_inf_nan="strings")
_ADAPTER: TypeAdapter[Event] = TypeAdapter(
    Annotated[Event, Field(discriminator="kind")],
    config=_CONFIG,
)
# Of the event's own kind: the one of the union above first looks for the kind, which takes as long as the writing.
_SERIALIZERS = {kind: TypeAdapter[Event | None](kind | None, config=_CONFIG).serializer for kind in get_args(Event)}
_LEFT_OUT = {"branch": "", "grant": "", "not_retrieved": 0, "trade_off": None}
_MAY_BE_EMPTY = {
    kind: tuple((name, nothing) for name, nothing in _LEFT_OUT.items() if name in kind.__dataclass_fields__)
    for kind in get_args(Event)
}


def encode(event: Event) -> str:
    """The event as one line of JSON; decimals are exact strings.

    What is empty of ``branch`` (the main line), ``grant``, ``not_retrieved`` and ``trade_off`` is left out. Reply data
    that is no JSON, against the contract of agents, is kept as its ``repr``: better such a record than none.
    """
    kind = type(event)
    empty = {name for name, nothing in _MAY_BE_EMPTY[kind] if getattr(event, name) == nothing}
    return _SERIALIZERS[kind].to_json(event, fallback=repr, exclude=empty or None).decode()


def decode(payload: str) -> Event:
    """The event that ``encode`` wrote.

    Raises:
        pydantic.ValidationError: the text is no event of this format.
    """
    return _ADAPTER.validate_json(payload)


def decode_stored(stored: StoredEvent) -> Event:
    """The event in a row of the journal.

    Raises:
        RecordUnreadable: the row was changed to something that is no event.
    """
    try:
        return decode(stored.payload)
    except ValidationError as error:
        record = f"event {stored.seq} of episode {stored.episode_id!r}"
        raise RecordUnreadable(record, str(error.errors()[0]["msg"])) from None
