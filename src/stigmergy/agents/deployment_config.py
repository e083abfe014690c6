"""How agents and language models are deployed, as the configuration states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


def require(holds: bool, field_name: str, value: object, rule: str) -> None:  # noqa: FBT001 - a condition, no switch
    """Raise ValueError unless the condition holds."""
    if not holds:
        raise ValueError(f"{field_name} = {value}: it must be {rule}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentConfig:
    """How an agent with ``runs: deployment``, or a language model, is deployed.

    Autoscaling is on where both its ends are stated; it then aims at ``target_ongoing_requests`` per replica.
    ``placement`` are bundles of resources that each replica reserves together, the first for itself.
    """

    num_replicas: int = 1
    max_ongoing_requests: int = 16
    max_queued_requests: int = 64
    num_cpus: float = 0
    num_gpus: float = 0
    accelerator_type: str | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_ongoing_requests: float | None = None
    placement: tuple[Mapping[str, float], ...] = ()
    placement_strategy: Literal["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"] = "PACK"

    def __post_init__(self) -> None:
        for name in ("num_replicas", "max_ongoing_requests"):
            require(getattr(self, name) >= 1, f"deployment.{name}", getattr(self, name), "at least 1")
        for name in ("max_queued_requests", "num_cpus", "num_gpus"):
            require(getattr(self, name) >= 0, f"deployment.{name}", getattr(self, name), "at least 0")
        target = self.target_ongoing_requests
        require(target is None or target > 0, "deployment.target_ongoing_requests", target, "above 0")
        both = (self.min_replicas, self.max_replicas)
        if self.min_replicas is None or self.max_replicas is None:
            require(
                both == (None, None), "deployment.min_replicas, max_replicas", both, "stated together or not at all"
            )
        else:
            require(
                0 <= self.min_replicas <= self.max_replicas >= 1,
                "deployment.min_replicas, max_replicas",
                both,
                "0 <= min <= max, and max at least 1",
            )
