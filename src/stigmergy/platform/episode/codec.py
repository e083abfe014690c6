"""Events to canonical JSON and back. The kind tag says which event it is; unknown fields are refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from stigmergy.platform.episode.events import Event

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def encode(event: Event) -> str:
    """The event as one line of JSON; decimals are exact strings."""
    return _ADAPTER.dump_json(event).decode()


def decode(payload: str) -> Event:
    """The event that ``encode`` wrote.

    Raises:
        pydantic.ValidationError: the text is no event of this format.
    """
    return _ADAPTER.validate_json(payload)
