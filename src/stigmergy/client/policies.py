"""Policies, as operators see and move them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stigmergy.client import policy_calls as calls
from stigmergy.client.protocol import Answer, Call
from stigmergy.wire_policies import PolicyEvidenceModel, RegisteredPolicyModel


class Send(Protocol):
    """Makes a call."""

    def __call__(self, call: Call[Answer], /) -> Answer:
        """The reply, or the error that the server answers with."""
        ...


class Policies:
    """``Client.policies``. A server with keys raises NotOperator where the key is not an operator's."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def register(
        self,
        router: str,
        artifact: bytes,
        document: Mapping[str, Any],
        *,
        metrics: Mapping[str, Any] | None = None,
        lineage: Mapping[str, Any] | None = None,
    ) -> RegisteredPolicyModel:
        """Register a candidate; the same one is found again instead.

        Args:
            router: the configured router whose place it would take.
            artifact: what it was trained to: a file's bytes, or of a folder ``routers.artifact_bytes.artifact_bytes``.
            document: its own router as under ``routers`` in the configuration, without its ``artifact``.
            metrics: what it reached when it was judged.
            lineage: which policy and which episodes it was made of.

        Raises:
            InvalidPolicy: it cannot serve.
        """
        return self._send(calls.register_call(router, artifact, document, metrics, lineage))

    def list(self, router: str | None = None) -> tuple[RegisteredPolicyModel, ...]:
        """All policies, or those of a router; by router, the newest first."""
        return (self._send(calls.list_call(router))).policies

    def show(self, router: str, version: int) -> PolicyEvidenceModel:
        """A policy and what is known of it by now; raises PolicyNotFound."""
        return self._send(calls.show_call(router, version))

    def shadow(self, router: str, version: int) -> RegisteredPolicyModel:
        """Let it score every decision beside who decides; raises PolicyNotFound, PolicyMoved."""
        return self._send(calls.step_call(router, version, "shadow"))

    def canary(self, router: str, version: int, share: float = 0.1) -> RegisteredPolicyModel:
        """Let it decide a share of the tasks; raises PromotionRefused, PolicyNotFound, PolicyMoved."""
        return self._send(calls.step_call(router, version, "canary", share=share))

    def promote(self, router: str, version: int) -> RegisteredPolicyModel:
        """Let it decide; raises PromotionRefused, PolicyNotFound, PolicyMoved."""
        return self._send(calls.step_call(router, version, "promote"))

    def rollback(self, router: str, version: int, reason: str = "") -> RegisteredPolicyModel:
        """Take back what decides; whom it replaced is active again. Raises PolicyNotFound, PolicyMoved."""
        return self._send(calls.step_call(router, version, "rollback", reason=reason))

    def retire(self, router: str, version: int, reason: str = "") -> RegisteredPolicyModel:
        """Withdraw it; raises PolicyNotFound, PolicyMoved."""
        return self._send(calls.step_call(router, version, "retire", reason=reason))
