"""How a local cluster is stopped: by asking it, as long as there is somebody to ask."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time

import psutil

from stigmergy.deployments.instance import Instance

logger = logging.getLogger(__name__)

_STOPPED_WITHIN_S = 30.0
_DEATH_SHOWS_WITHIN_S = 0.3
_LOOK_EVERY_S = 0.05
_BACKBONE = frozenset({"raylet", "gcs_server"})
"""Ray's own daemons, by the names of their programs."""


def stop_cluster(instance: Instance) -> None:
    """Shut Serve and Ray down, and clear what is left.

    A clean stop takes as long as replicas need to finish their tasks, at most 30 s. A cluster that dies by itself (of
    a signal that went to the whole process group) cannot be asked; it is only cleared.
    """
    if "ray" in sys.modules:
        if _is_whole(instance):
            _ask()
        else:
            _let_go()
    instance.clear()


def _is_whole(instance: Instance) -> bool:
    """Whether Ray's daemons run, and no child of this process has ended or is about to."""
    ours = psutil.Process().children()
    names = {_name(process) for process in instance.processes()}
    until = time.monotonic() + _DEATH_SHOWS_WITHIN_S
    while time.monotonic() < until:
        if not all(map(_runs, ours)):
            return False
        time.sleep(_LOOK_EVERY_S)
    return names >= _BACKBONE


def _ask() -> None:
    worker = threading.Thread(target=_shut_down, name="shut down", daemon=True)
    worker.start()
    worker.join(_STOPPED_WITHIN_S)
    if worker.is_alive():
        logger.warning("Ray did not shut down within %g s; its processes are killed", _STOPPED_WITHIN_S)
        _let_go()


def _let_go() -> None:
    """Have this process end without Ray's own clean-up, which crashes a process whose daemons are gone.

    Only a process that was asked to end comes here, so it ends as one that did as asked.
    """
    import ray

    atexit.unregister(ray.shutdown)
    atexit.register(_end_at_once)


def _end_at_once() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    logging.shutdown()
    os._exit(0)


def _shut_down() -> None:
    import ray
    from ray import serve

    if ray.is_initialized():
        serve.shutdown()
        ray.shutdown()


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""
