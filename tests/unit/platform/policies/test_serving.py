"""Who decides, looks on, and takes over, in a running platform."""

from __future__ import annotations

from typing import Any

import pytest

from stigmergy.errors import InvalidPolicy
from stigmergy.platform.policies.traffic import is_canarys
from stigmergy.platform.policy_records import Move, NewPolicy, PolicyRecord, Stage
from stigmergy.routers.learned_policy.artifact import save_policy
from stigmergy.testing import EPOCH, linear_graph, untrained_policy


async def to(site: Any, record: PolicyRecord, *stages: Stage, share: float = 0.5) -> PolicyRecord:
    """Move a policy past the gate, as a store allows it."""
    for stage in stages:
        move = Move(seen=record.stage, to=stage, share=share if stage is Stage.CANARY else 0.0)
        record = await site.runtime.store.policies.move(record.policy.router, record.version, move, EPOCH)
    await site.look()
    return record


async def test_without_policies_the_configured_router_decides(site: Any) -> None:
    assert {episode.policy for episode in await site.ask(5)} == {"picks"}


async def test_an_active_policy_decides_and_every_episode_says_so(site: Any) -> None:
    await to(site, await site.register(), Stage.SHADOW, Stage.ACTIVE)
    episodes = await site.ask(40)
    assert {(episode.policy, episode.router) for episode in episodes} == {("picks@1", "picks")}
    assert sum(episode.route == ("cheap",) for episode in episodes) > 30


async def test_a_canary_decides_its_share_of_the_tasks(site: Any) -> None:
    canary = await to(site, await site.register(), Stage.SHADOW, Stage.CANARY, share=0.3)
    episodes = await site.ask(60)
    for episode in episodes:
        mine = is_canarys(episode.task_id, canary.name, 0.3)
        assert episode.policy == ("picks@1" if mine else "picks")
    assert {episode.policy for episode in episodes} == {"picks@1", "picks"}


async def test_a_shadow_decides_nothing_and_what_it_would_have_done_is_kept_and_counted(site: Any) -> None:
    await to(site, await site.register(), Stage.SHADOW)
    episodes = await site.ask(30)
    assert {episode.policy for episode in episodes} == {"picks"}
    noted = await site.runtime.store.policies.shadowed("picks@1")
    assert {each.episode_id for each in noted} == {episode.id for episode in episodes}
    assert all(each.probabilities == pytest.approx({"cheap": 0.95, "dear": 0.05}) for each in noted)
    counts = site.runtime.reporter.counts
    agreed = sum(episode.route == ("cheap",) for episode in episodes)
    assert counts['shadow_hops_scored_total{policy="picks@1"}'] == 30
    assert counts['shadow_hops_agreed_total{policy="picks@1"}'] == agreed


async def test_a_policy_that_is_taken_back_decides_no_more(site: Any) -> None:
    active = await to(site, await site.register(), Stage.SHADOW, Stage.ACTIVE)
    await site.ask(2)
    await to(site, active, Stage.RETIRED)
    assert {episode.policy for episode in await site.ask(5)} == {"picks"}


async def test_what_cannot_be_loaded_is_told_and_who_decided_goes_on(site: Any) -> None:
    await to(site, await site.register(), Stage.SHADOW, Stage.ACTIVE)
    broken = NewPolicy(router="picks", document={"kind": "estimator"}, fingerprint="f")
    record = await site.runtime.store.policies.register(broken, b"nothing", EPOCH)
    await to(site, record, Stage.SHADOW, Stage.ACTIVE)
    assert {episode.policy for episode in await site.ask(5)} == {"picks@1"}
    assert "does not have the fingerprint" in site.runtime.policies.service.problems["picks@2"]


@pytest.mark.parametrize(
    ("router", "document", "reason"),
    [
        ("nobody", {"kind": "estimator"}, "no router 'nobody' is configured"),
        ("picks", {"kind": "estimator", "price": -1}, "price"),
        ("picks", {"kind": "estimator", "prise": 1}, "unknown key"),
        ("picks", {"kind": "random"}, "artifact: unknown key"),
        ("picks", {}, "kind"),
    ],
)
async def test_what_could_not_serve_is_not_registered(
    site: Any, router: str, document: dict[str, Any], reason: str
) -> None:
    artifact = site.artifact({"cheap": 0.9, "dear": 0.1})
    with pytest.raises(InvalidPolicy, match=reason):
        await site.desk.register(NewPolicy(router=router, document=document, fingerprint=""), artifact)
    assert await site.desk.list() == ()


async def test_an_artifact_that_knows_nobody_of_the_graph_is_not_registered(site: Any) -> None:
    with pytest.raises(InvalidPolicy, match="knows no agent of graph 'sums'"):
        await site.register({"stranger": 0.9, "foreigner": 0.1})


async def test_a_policy_of_reinforcement_learning_serves_on_its_graph_alone(site: Any) -> None:
    path = site.folder / "policy.safetensors"
    save_policy(path, untrained_policy(site.runtime.graphs["sums"]))
    policy = NewPolicy(router="picks", document={"kind": "policy"}, fingerprint="")
    record = await site.desk.register(policy, path.read_bytes())
    await to(site, record, Stage.SHADOW)
    await site.ask(3)
    await to(site, await site.runtime.store.policies.get("picks", 1), Stage.ACTIVE)
    assert {episode.policy for episode in await site.ask(3)} == {"picks@1"}
    save_policy(path, untrained_policy(linear_graph([[("cheap", "1"), ("other", "2")]])))
    with pytest.raises(InvalidPolicy, match="the policy chooses among"):
        await site.desk.register(policy, path.read_bytes())


async def test_what_is_resumed_keeps_the_policy_that_it_began_with(site: Any) -> None:
    service, configured = site.runtime.policies.service, site.runtime.engine._routers["picks"]
    active = await to(site, await site.register(), Stage.SHADOW, Stage.ACTIVE)
    task = (await site.runtime.store.tasks.get((await site.ask(1))[0].task_id)).task
    assert service.deciding(configured, task).policy_version() == "picks@1"
    assert service.deciding(configured, task, "picks").policy_version() == "picks"
    assert service.deciding(configured, task, "picks@1").policy_version() == "picks@1"
    await to(site, active, Stage.RETIRED)
    assert service.deciding(configured, task, "picks@1").policy_version() == "picks"
