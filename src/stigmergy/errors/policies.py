"""Trained policies cannot be changed in this way."""

from __future__ import annotations

from stigmergy.errors.requests import RequestError


class PolicyNotFound(RequestError):
    """No policy is registered under this name."""

    code = "policy_not_found"

    def __init__(self, policy: str) -> None:
        super().__init__(policy)
        self.policy = policy

    def __str__(self) -> str:
        return f"no policy {self.policy!r} is registered; `stigmergy policies list` shows them"


class PolicyMoved(RequestError):
    """A policy does not stand where somebody saw it, or its next stage is taken."""

    code = "policy_moved"

    def __init__(self, policy: str, reason: str) -> None:
        super().__init__(policy, reason)
        self.policy, self.reason = policy, reason

    def __str__(self) -> str:
        return f"policy {self.policy} cannot be moved: {self.reason}"


class InvalidPolicy(RequestError):
    """A policy that cannot serve: its document, its artifact, or that it does not fit."""

    code = "invalid_policy"

    def __init__(self, policy: str, reason: str) -> None:
        super().__init__(policy, reason)
        self.policy, self.reason = policy, reason

    def __str__(self) -> str:
        return f"policy {self.policy} cannot serve: {self.reason}"


class NotOperator(RequestError):
    """Policies decide for everybody, so that only operators may see and move them."""

    code = "not_operator"

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self.tenant = tenant

    def __str__(self) -> str:
        return f"tenant {self.tenant!r} is no operator; set `operator: true` for it in the configuration"


class PromotionRefused(RequestError):
    """The log does not say that a policy is better than the one it would replace."""

    code = "promotion_refused"

    def __init__(self, policy: str, reason: str) -> None:
        super().__init__(policy, reason)
        self.policy, self.reason = policy, reason

    def __str__(self) -> str:
        return f"policy {self.policy} is not promoted: {self.reason}"
