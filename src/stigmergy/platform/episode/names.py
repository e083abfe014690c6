"""What episodes are called, and what their names tell."""

from __future__ import annotations

import secrets
import time
from typing import Final

from stigmergy.domain import EpisodeId

_DIRECT: Final = "ep_direct_"


def new_episode_id() -> EpisodeId:
    """A fresh id, unique everywhere, of an episode whose events are committed before each of its calls."""
    return f"ep_{_in_order_of_time()}"


def new_direct_id() -> EpisodeId:
    """A fresh id, unique everywhere, of an episode that is stored whole when it has ended."""
    return f"{_DIRECT}{_in_order_of_time()}"


def is_direct(episode_id: EpisodeId) -> bool:
    """Whether calls of the episode may have been made of which no event is stored."""
    return episode_id.startswith(_DIRECT)


def _in_order_of_time() -> str:
    """32 hexadecimal digits: the milliseconds since 1970, then 80 random bits, much as in a UUID of version 7.

    What is stored under such names is stored side by side: random ones touch a page of every index for each row.
    """
    return f"{time.time_ns() // 1_000_000:012x}{secrets.randbits(80):020x}"
