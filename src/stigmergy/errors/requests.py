"""What a caller asked and cannot have."""

from __future__ import annotations

from stigmergy.errors.base import StigmergyError, name_some


class RequestError(StigmergyError):
    """The caller asked for something that cannot be done; nothing was started."""

    code = "invalid_request"


class MalformedRequest(RequestError):
    """The body is not JSON, or not of the shape that the API asks for; ``problems`` are (field, what is wrong)."""

    code = "malformed_request"

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "the request cannot be read: " + "; ".join(f"{field}: {problem}" for field, problem in self.problems)


class InvalidQuery(RequestError):
    """The query is empty, too long or malformed."""

    code = "invalid_query"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the query cannot be taken: {self.reason}"


class InvalidBudget(RequestError):
    """A limit that is negative or not a number."""

    code = "invalid_budget"

    def __init__(self, resource: str, value: str) -> None:
        super().__init__(resource, value)
        self.resource, self.value = resource, value

    def __str__(self) -> str:
        return f"budget {self.resource} = {self.value}: a limit is a finite number of at least 0; leave it out for none"


class BudgetTooSmall(RequestError):
    """No path of the graph fits the budget; ``least`` is the smallest limit that would do."""

    code = "budget_too_small"

    def __init__(self, resource: str, limit: str, least: str) -> None:
        super().__init__(resource, limit, least)
        self.resource, self.limit, self.least = resource, limit, least

    def __str__(self) -> str:
        return (
            f"no path fits {self.resource} = {self.limit}: the least that would do is {self.least} "
            "(worst case of the thriftiest available path)"
        )


class BudgetExhausted(RequestError):
    """A tenant's or key's account has too little left for any path of the graph; nothing was stored."""

    code = "budget_exhausted"

    def __init__(self, account: str, resource: str, left: str, least: str) -> None:
        super().__init__(account, resource, left, least)
        self.account, self.resource, self.left, self.least = account, resource, left, least

    def __str__(self) -> str:
        return (
            f"account {self.account!r} has {self.left} {self.resource} left and the thriftiest path may need "
            f"{self.least}: raise its budget, or wait until what other gateways hold of it is free again"
        )


class Unauthorized(RequestError):
    """The request shows no key that the server knows."""

    code = "unauthorized"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason}; send `Authorization: Bearer KEY` (the client: api_key=, or STIGMERGY_API_KEY)"


class UnknownGraph(RequestError):
    """The task names a graph that is not served."""

    code = "unknown_graph"

    def __init__(self, graph: str, known: tuple[str, ...]) -> None:
        super().__init__(graph, known)
        self.graph, self.known = graph, known

    def __str__(self) -> str:
        return f"no graph {self.graph!r} is served; known graphs: {name_some(self.known)}"


class UnknownRouter(RequestError):
    """The task names a router that its graph does not offer."""

    code = "unknown_router"

    def __init__(self, router: str, known: tuple[str, ...]) -> None:
        super().__init__(router, known)
        self.router, self.known = router, known

    def __str__(self) -> str:
        return f"no router {self.router!r} can be asked for here; routers: {name_some(self.known)}"


class NoTradeOff(RequestError):
    """The task sets a trade-off for a router that trades nothing off."""

    code = "no_trade_off"

    def __init__(self, router: str, others: tuple[str, ...]) -> None:
        super().__init__(router, others)
        self.router, self.others = router, others

    def __str__(self) -> str:
        return f"router {self.router!r} takes no trade-off; routers that do: {name_some(self.others) or 'none'}"


class TaskNotFound(RequestError):
    """No task has this id."""

    code = "task_not_found"

    def __init__(self, task_id: str) -> None:
        super().__init__(task_id)
        self.task_id = task_id

    def __str__(self) -> str:
        return f"no task {self.task_id!r}; ids are returned by POST /v1/tasks"


class TaskEnded(RequestError):
    """The task has ended, and cannot be cancelled any more."""

    code = "task_ended"

    def __init__(self, task_id: str, status: str) -> None:
        super().__init__(task_id, status)
        self.task_id, self.status = task_id, status

    def __str__(self) -> str:
        return f"task {self.task_id} has ended as {self.status}; only what has not ended can be cancelled"


class ApprovalNotAsked(RequestError):
    """The task waits for no decision, or for another one; ``state`` says where it stands."""

    code = "approval_not_asked"

    def __init__(self, task_id: str, state: str) -> None:
        super().__init__(task_id, state)
        self.task_id, self.state = task_id, state

    def __str__(self) -> str:
        return f"task {self.task_id} does not wait for this decision: {self.state}"


class NoDeadLetter(RequestError):
    """The task ended for a reason of its own; only a dead letter can be retried."""

    code = "no_dead_letter"

    def __init__(self, task_id: str, status: str) -> None:
        super().__init__(task_id, status)
        self.task_id, self.status = task_id, status

    def __str__(self) -> str:
        return f"task {self.task_id} has ended as {self.status}; only a dead letter is retried: submit it anew"


class EpisodeNotFound(RequestError):
    """No episode has this id (it may not have reached the store yet)."""

    code = "episode_not_found"

    def __init__(self, episode_id: str) -> None:
        super().__init__(episode_id)
        self.episode_id = episode_id

    def __str__(self) -> str:
        return f"no episode {self.episode_id!r} is stored; a running task's episode appears when it ends"


class IdempotencyConflict(RequestError):
    """The same idempotency key came with another body."""

    code = "idempotency_conflict"

    def __init__(self, key: str, task_id: str) -> None:
        super().__init__(key, task_id)
        self.key, self.task_id = key, task_id

    def __str__(self) -> str:
        return f"idempotency key {self.key!r} belongs to task {self.task_id} with another body; use a new key"
