"""The hash chain of an episode's events: each carries the hash of the one before, and the summary that of the last.

``hash(e) = sha256(JSON [previous, episode, seq, kind, v, at] + newline + payload)`` over what is stored, in UTF-8;
``at`` is UTC with microseconds. JSON in ASCII holds no raw newline, so no two events have the same bytes. The first
event carries ``sha256("stigmergy episode" + newline + episode)``. The hashes are not keyed: somebody who writes chain
and summary anew after a change is found only by a head that was kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from hashlib import sha256
from json.encoder import encode_basestring_ascii as _text

from stigmergy.domain import EpisodeId
from stigmergy.platform.records import StoredEvent


def genesis(episode_id: EpisodeId) -> str:
    """What the first event of an episode carries, as 64 hexadecimal digits."""
    return sha256(_bytes(f"stigmergy episode\n{episode_id}")).hexdigest()


def chain_hash(event: StoredEvent) -> str:
    """The hash of an event as stored, its link to the one before included, as 64 hexadecimal digits."""
    at = (event.at if event.at.tzinfo is UTC else event.at.astimezone(UTC)).isoformat(timespec="microseconds")
    # What json.dumps would write of the list, at a quarter of its time.
    facts = (
        f"{_text(event.previous)}, {_text(event.episode_id)}, {event.seq}, {_text(event.kind)}, {event.v}, {_text(at)}"
    )
    return sha256(_bytes(f"[{facts}]\n{event.payload}")).hexdigest()


def chained(events: Sequence[StoredEvent], last: StoredEvent | None = None) -> tuple[StoredEvent, ...]:
    """Consecutive events, each with the hash of the one before.

    Args:
        events: of one episode, in order.
        last: the event that is stored before them; None for the beginning of an episode. After one that is not chained
            they stay as they are: half a chain would look like a broken one.
    """
    linked: list[StoredEvent] = []
    for event in events:
        last = replace(event, previous=link(event.episode_id, last))
        linked.append(last)
    return tuple(linked)


def link(episode_id: EpisodeId, last: StoredEvent | None) -> str:
    """What the event after ``last`` carries; empty after one that is not chained, as ``chained``."""
    if last is None:
        return genesis(episode_id)
    return chain_hash(last) if last.previous else ""


def _bytes(text: str) -> bytes:
    # Payloads may hold lone surrogates, which strict UTF-8 refuses.
    return text.encode("utf-8", "surrogatepass")
