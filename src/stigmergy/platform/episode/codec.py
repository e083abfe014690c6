"""Events to canonical JSON and back. The kind tag says which event it is; unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from stigmergy.platform.episode.events import Event

# A router's evidence may hold infinities, which JSON has no numbers for.
_CONFIG = ConfigDict(extra="forbid", ser_json_inf_nan="strings")
_ADAPTER: TypeAdapter[Event] = TypeAdapter(
    Annotated[Event, Field(discriminator="kind")],
    config=_CONFIG,
)
# Of the event's own kind: the one of the union above first looks for the kind, which takes as long as the writing.
_SERIALIZERS = {kind: TypeAdapter[Event | None](kind | None, config=_CONFIG).serializer for kind in get_args(Event)}
_LEFT_OUT = ("branch", "grant", "not_retrieved")


def encode(event: Event) -> str:
    """The event as one line of JSON; decimals are exact strings.

    The main line's ``branch``, and a ``grant`` or ``not_retrieved`` where there is none, are not written. Reply data
    that is no JSON, against the contract of agents, is kept as its ``repr``: such a record is worth more than none.
    """
    empty = {name for name in _LEFT_OUT if not getattr(event, name, "")}
    return _SERIALIZERS[type(event)].to_json(event, fallback=repr, exclude=empty or None).decode()


def decode(payload: str) -> Event:
    """The event that ``encode`` wrote.

    Raises:
        pydantic.ValidationError: the text is no event of this format.
    """
    return _ADAPTER.validate_json(payload)
