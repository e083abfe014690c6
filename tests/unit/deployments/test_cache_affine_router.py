"""Serve's side of the choice: what the router reads of a request, and what it offers Serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from ray.serve._private.common import DeploymentHandleSource, DeploymentID, RequestMetadata
from ray.serve.request_router import PendingRequest, ReplicaID

from stigmergy.agents.models.replica_routing import CacheAffineConfig, PowerOfTwoConfig, PrefixAwareConfig
from stigmergy.deployments.question import Question
from stigmergy.deployments.replica_routing.affinity import candidates
from stigmergy.deployments.replica_routing.cache_affine import CacheAffineRouter
from stigmergy.deployments.replica_routing.prompts import prefix_of
from stigmergy.deployments.replica_routing.request_router import request_router
from stigmergy.domain import Message

MODEL = DeploymentID("model-echo")
NAMES = [f"replica-{number}" for number in range(5)]


@dataclass(frozen=True)
class Replica:
    """As much of a running replica as routing asks for."""

    replica_id: ReplicaID
    unfinished: int
    max_ongoing_requests: int = 16

    async def get_queue_len(self, *, deadline_s: float) -> int:
        del deadline_s
        return self.unfinished


def asked(system: str, question: str = "?") -> PendingRequest:
    messages = (Message("system", system), Message("user", question))
    metadata = RequestMetadata(request_id="r", internal_request_id="i")
    return PendingRequest(args=[Question(messages, 10, None, 1.0, None, {})], kwargs={}, metadata=metadata)


async def router(loads: Mapping[str, int], config: CacheAffineConfig | None = None) -> CacheAffineRouter:
    made = CacheAffineRouter(MODEL, DeploymentHandleSource.REPLICA, use_replica_queue_len_cache=True)
    made.initialize_state(**request_router(config or CacheAffineConfig()).request_router_kwargs)
    replicas = [Replica(ReplicaID(name, MODEL), load) for name, load in loads.items()]
    made.update_replicas(replicas)
    await made._probe_queue_lens(replicas, 0)
    return made


async def ranks(made: CacheAffineRouter, request: PendingRequest | None) -> list[list[str]]:
    offered = await made.choose_replicas(list(made.curr_replicas.values()), request)
    return [[each.replica_id.unique_id for each in rank] for rank in offered]


async def test_requests_with_one_system_prompt_meet_at_one_of_its_two_replicas_and_the_others_come_after() -> None:
    made = await router(dict.fromkeys(NAMES, 0))
    first, second = candidates("system: you are a clerk", NAMES)

    assert (await ranks(made, asked("you are a clerk", "hello")))[0] == [first]
    made.on_send_request(ReplicaID(first, MODEL))
    chosen, rest = await ranks(made, asked("you are a clerk", "something else"))

    assert chosen == [second]
    assert sorted([*chosen, *rest]) == NAMES


async def test_when_both_have_too_much_to_do_another_takes_it() -> None:
    home = candidates("system: you are a clerk", NAMES)
    made = await router(dict.fromkeys(NAMES, 0) | dict.fromkeys(home, 12))

    chosen = {(await ranks(made, asked("you are a clerk")))[0][0] for _ in range(40)}

    assert chosen - set(home)


async def test_what_holds_no_conversation_may_go_anywhere() -> None:
    made = await router(dict.fromkeys(NAMES, 0))
    request = PendingRequest(args=["x"], kwargs={}, metadata=RequestMetadata("r", "i"))

    assert [sorted(rank) for rank in await ranks(made, request)] == [NAMES]
    assert [sorted(rank) for rank in await ranks(made, None)] == [NAMES]


async def test_while_all_are_full_serve_waits_before_it_asks_again() -> None:
    made = await router(dict.fromkeys(NAMES, 16))
    request = asked("you are a clerk")
    await ranks(made, request)

    assert request.routing_context.should_backoff


async def test_where_a_request_went_in_the_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = await router(dict.fromkeys(NAMES, 0))
    told: list[str] = []
    monkeypatch.setattr(made._ways, "inc", lambda tags: told.append(tags["way"]))
    home = candidates("system: you are a clerk", NAMES)
    away = next(name for name in NAMES if name not in home)

    for name in (home[0], away):
        made.on_request_routed(asked("you are a clerk"), ReplicaID(name, MODEL), None)

    assert told == ["affine", "spilled"]


def test_a_prefix_is_the_beginning_of_the_first_messages() -> None:
    said = (Message("system", "abc"), Message("user", "def"), Message("user", "ghi"))

    assert prefix_of(said, 1, 100) == "system: abc"
    assert prefix_of(said, 2, 100) == "system: abc\nuser: def"
    assert prefix_of(said, 2, 9) == "system: a"


def test_every_routing_is_a_request_router_of_serve() -> None:
    affine, aware = request_router(CacheAffineConfig()), request_router(PrefixAwareConfig(imbalance=3))

    assert request_router(PowerOfTwoConfig()).is_default_request_router()
    assert affine.get_request_router_class().__name__ == "CacheAffineRouter"
    assert aware.get_request_router_class().__name__ == "PrefixAwareRouter"
    assert aware.request_router_kwargs["imbalanced_threshold"] == 3
