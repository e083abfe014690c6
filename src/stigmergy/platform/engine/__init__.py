"""Drives episodes: performs their commands through ports and feeds what happens back as events."""

from stigmergy.platform.engine.engine import Engine, EngineLimits
from stigmergy.platform.engine.hops import RouterInService
from stigmergy.platform.engine.oversight import NOBODY
from stigmergy.platform.engine.run import (
    Approvals,
    Ran,
    Recorded,
    Recorder,
    RunCancelled,
    RunSuspended,
    Unrecorded,
)
from stigmergy.platform.episode.names import new_direct_id, new_episode_id

__all__ = [
    "NOBODY",
    "Approvals",
    "Engine",
    "EngineLimits",
    "Ran",
    "Recorded",
    "Recorder",
    "RouterInService",
    "RunCancelled",
    "RunSuspended",
    "Unrecorded",
    "new_direct_id",
    "new_episode_id",
]
