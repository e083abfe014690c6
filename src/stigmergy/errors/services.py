"""The store or the server could not be used."""

from __future__ import annotations

from stigmergy.errors.base import StigmergyError


class StoreError(StigmergyError):
    """The episode store could not do what was asked."""

    code = "store_error"


class SequenceConflict(StoreError):
    """Another writer has already stored an event under this number."""

    code = "sequence_conflict"

    def __init__(self, episode_id: str, seq: int) -> None:
        super().__init__(episode_id, seq)
        self.episode_id, self.seq = episode_id, seq

    def __str__(self) -> str:
        return f"episode {self.episode_id!r} already has an event {self.seq}: another writer took this episode over"


class TaskTakenOver(StoreError):
    """A process wrote for a task that is not its own any more."""

    code = "task_taken_over"

    def __init__(self, task_id: str, epoch: int) -> None:
        super().__init__(task_id, epoch)
        self.task_id, self.epoch = task_id, epoch

    def __str__(self) -> str:
        return (
            f"task {self.task_id!r} is not held by take-over {self.epoch} any more: it has ended, or another process "
            "runs it; what this one did since then is not stored"
        )


class StoreUnavailable(StoreError):
    """The database cannot be reached or refuses to write."""

    code = "store_unavailable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"the store at {self.url} is unavailable: {self.reason}"


class RecordUnreadable(StoreError):
    """A stored record is not of the form that was written: it was changed from outside, or the database is damaged."""

    code = "record_unreadable"

    def __init__(self, record: str, reason: str) -> None:
        super().__init__(record, reason)
        self.record, self.reason = record, reason

    def __str__(self) -> str:
        return (
            f"the {self.record} cannot be read ({self.reason}): it was changed after it was stored; "
            "restore it from a backup"
        )


class LeaseLost(StoreError):
    """A holder of leased budget did not renew in time: what it held has been reclaimed."""

    code = "lease_lost"

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder

    def __str__(self) -> str:
        return f"holder {self.holder!r} has no lease on budgets any more; begin again as another holder"


class ServerError(StigmergyError):
    """The client could not get what it asked for from the server."""

    code = "server_error"


class ServerUnreachable(ServerError):
    """No connection to the server."""

    code = "server_unreachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"no server answers at {self.url} ({self.reason}); start one with `stigmergy serve`"


class PortTaken(ServerError):
    """The port to serve on is in use."""

    code = "port_taken"

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(port, reason)
        self.port, self.reason = port, reason

    def __str__(self) -> str:
        return (
            f"port {self.port} is taken ({self.reason}); `stigmergy stop --port {self.port}` ends a server of ours, "
            "or set serving.port to another one"
        )


class DeployFailed(ServerError):
    """Serve could not bring the application up; ``reasons`` are (deployment, what it said)."""

    code = "deploy_failed"

    def __init__(self, reasons: tuple[tuple[str, str], ...]) -> None:
        super().__init__(reasons)
        self.reasons = reasons

    def __str__(self) -> str:
        return "deploying failed: " + "; ".join(f"{name}: {reason}" for name, reason in self.reasons)


class ClusterUnreachable(ServerError):
    """No connection to the dashboard of a Ray cluster."""

    code = "cluster_unreachable"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address, self.reason = address, reason

    def __str__(self) -> str:
        return (
            f"no Ray cluster answers at {self.address} ({self.reason}); name the dashboard of its head, "
            "for example http://127.0.0.1:8265"
        )


class ClusterRefused(ServerError):
    """A Ray cluster did not do what it was asked to."""

    code = "cluster_refused"

    def __init__(self, address: str, status: int, reason: str) -> None:
        super().__init__(address, status, reason)
        self.address, self.status, self.reason = address, status, reason

    def __str__(self) -> str:
        advice = "; set RAY_AUTH_TOKEN to the cluster's token" if self.status in (401, 403) else ""
        return f"the cluster at {self.address} answered with status {self.status}: {self.reason[:500]}{advice}"


class RolloutTimedOut(ServerError):
    """A cluster has not brought a configuration up in time; it goes on trying."""

    code = "rollout_timed_out"

    def __init__(self, waited_s: float, status: str) -> None:
        super().__init__(waited_s, status)
        self.waited_s, self.status = waited_s, status

    def __str__(self) -> str:
        return (
            f"after {self.waited_s:g} s the application is {self.status}; the rollout goes on, "
            "`stigmergy status --address` tells how far it is"
        )


class ServerOverloaded(ServerError):
    """The server has no room; ``retry_after_s`` says when to come back."""

    code = "server_overloaded"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"the server has no room for another task; retry in {self.retry_after_s:g} s"


class UnexpectedReply(ServerError):
    """The server answered with something that is not this API."""

    code = "unexpected_reply"

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body

    def __str__(self) -> str:
        return f"unexpected answer with status {self.status}: {self.body[:300]}"


class WaitTimedOut(ServerError):
    """The task did not end while the client waited; it is still running on the server."""

    code = "wait_timed_out"

    def __init__(self, task_id: str, waited_s: float) -> None:
        super().__init__(task_id, waited_s)
        self.task_id, self.waited_s = task_id, waited_s

    def __str__(self) -> str:
        return f"task {self.task_id} did not end within {self.waited_s:g} s; it goes on, ask for it again by its id"
