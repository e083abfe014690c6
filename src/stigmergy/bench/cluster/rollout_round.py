"""One round: a changed configuration is rolled out while requests come in that nobody sends twice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from stigmergy.bench.chaos.work import NOTES, SECONDS
from stigmergy.bench.cluster.stage import ClusterStage

_SENDERS = 4
_WORK_S = 0.02
_TIMEOUT_S = 60.0
_BEFORE_S = _AFTER_S = 2.0
_ENDED_WELL = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRound:
    """What became of the requests: by status of the task, or by what was wrong with the answer.

    ``configs`` counts the fingerprints of the configuration that gateways told of meanwhile.
    """

    requests: int
    outcomes: Mapping[str, int]
    configs: Mapping[str, int]
    seconds: float

    @property
    def failed(self) -> int:
        """Requests without an answer, or whose task did not complete."""
        return self.requests - self.outcomes.get(_ENDED_WELL, 0)

    @property
    def kept(self) -> bool:
        """Whether no request failed, and both configurations served."""
        return not self.failed and len(self.configs) > 1


def rollout_round(stage: ClusterStage, price: str) -> RolloutRound:
    """Deploy with another price under load."""
    over, outcomes, configs = threading.Event(), Counter[str](), Counter[str]()
    labels = {NOTES: str(stage.folder / "rollout.jsonl"), SECONDS: str(_WORK_S)}
    with ThreadPoolExecutor(_SENDERS, thread_name_prefix="rollout-load") as pool:
        senders = [pool.submit(_send, stage.url, labels, over) for _ in range(_SENDERS)]
        try:
            time.sleep(_BEFORE_S)
            began = time.monotonic()
            stage.deploy(price)
            seconds = time.monotonic() - began
            time.sleep(_AFTER_S)
        finally:
            over.set()
        for sender in senders:
            ended, seen = sender.result()
            outcomes += ended
            configs += seen
    return RolloutRound(requests=outcomes.total(), outcomes=dict(outcomes), configs=dict(configs), seconds=seconds)


def _send(url: str, labels: Mapping[str, str], over: threading.Event) -> tuple[Counter[str], Counter[str]]:
    """One task after the other, each in a request of its own that is never repeated."""
    outcomes, configs = Counter[str](), Counter[str]()
    with httpx.Client(base_url=url, timeout=_TIMEOUT_S) as http:
        while not over.is_set():
            outcomes[_outcome(http, labels)] += 1
            configs[_config(http)] += 1
    del configs[""]
    return outcomes, configs


def _outcome(http: httpx.Client, labels: Mapping[str, str]) -> str:
    try:
        answer = http.post("/v1/tasks", json={"query": "a task", "labels": dict(labels)})
        return str(answer.json()["status"]) if answer.is_success else f"status {answer.status_code}"
    except (httpx.HTTPError, ValueError) as error:
        return type(error).__name__


def _config(http: httpx.Client) -> str:
    try:
        return str(http.get("/v1/graphs").json()["config"])
    except (httpx.HTTPError, ValueError, KeyError):
        return ""
