"""Drives episodes: performs their commands through ports and feeds what happens back as events."""

from stigmergy.platform.engine.engine import Engine, EngineLimits, new_episode_id
from stigmergy.platform.engine.hops import RouterInService
from stigmergy.platform.engine.oversight import Approvals, RunSuspended
from stigmergy.platform.engine.run import Ran, Recorded, Recorder, RunCancelled, Unrecorded

__all__ = [
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
    "new_episode_id",
]
