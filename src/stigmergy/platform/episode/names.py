"""What episodes are called, and what their names tell."""

from __future__ import annotations

import uuid
from typing import Final

from stigmergy.domain import EpisodeId

_DIRECT: Final = "ep_direct_"


def new_episode_id() -> EpisodeId:
    """A fresh id, unique everywhere, of an episode whose events are committed before each of its calls."""
    return f"ep_{uuid.uuid4().hex}"


def new_direct_id() -> EpisodeId:
    """A fresh id, unique everywhere, of an episode that is stored whole when it has ended."""
    return f"{_DIRECT}{uuid.uuid4().hex}"


def is_direct(episode_id: EpisodeId) -> bool:
    """Whether calls of the episode may have been made of which no event is stored."""
    return episode_id.startswith(_DIRECT)
