"""From the words of the platform to what travels over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from stigmergy import wire
from stigmergy.domain import GOAL, Episode, Failure, NodeId, Spend, Status, Usage
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.graphs.overlay import Overlay
from stigmergy.graphs.pheromones import Bounds, Trails
from stigmergy.platform.engine import Ran
from stigmergy.platform.episode.charges import charges
from stigmergy.platform.episode.events import Cornered, HopChosen
from stigmergy.platform.records import StoredEvent, TaskPage, TaskRecord
from stigmergy.platform.snapshots import ArtifactSnapshot

_READ_UNBOUNDED = Bounds(1e-6, 1e6)


def summarise(ran: Ran) -> str:
    """The result of a finished run as JSON: stored with the task, and sent as it is."""
    episode = ran.episode
    return wire.TaskResult(
        id=ran.task.id,
        status=episode.status,
        reason=episode.reason,
        graph=episode.graph,
        router=episode.router,
        trade_off=ran.trade_off,
        answer=episode.answer,
        route=episode.route,
        usage=_usage(episode),
        latency_s=(episode.finished_at - episode.started_at).total_seconds(),
        reroutes=episode.reroutes,
        failures=_failures(episode.failures),
        dropped=episode.dropped,
        episode_id=episode.id,
        created_at=ran.task.created_at,
        ledger=() if episode.status is Status.COMPLETED else ledger_of(ran),
    ).model_dump_json()


def ledger_of(ran: Ran) -> tuple[wire.ChargeModel, ...]:
    """What every attempt reserved and was charged, in the order in which they began."""
    return tuple(
        wire.ChargeModel(
            step=each.step.removeprefix(f"{ran.episode.id}/"),
            node=each.node,
            agent=each.agent,
            attempt=each.attempt,
            reserved=_amount(each.reserved),
            charged=_amount(each.charged),
            settlement=each.settlement.value,
        )
        for each in charges(recorded.event for recorded in ran.events)
    )


def hops_of(ran: Ran) -> tuple[wire.HopModel, ...]:
    """Why every hop was taken."""
    return tuple(hop_model(each.event) for each in ran.events if isinstance(each.event, HopChosen))


def explained(result: str, ran: Ran) -> str:
    """A result with its hops and its ledger."""
    known = {"hops": hops_of(ran), "ledger": ledger_of(ran)}
    return wire.TaskResult.model_validate_json(result).model_copy(update=known).model_dump_json()


def judged(result: str, quality: float | None) -> str:
    """A result with the quality that its episode was given after it had been stored."""
    if quality is None:
        return result
    return wire.TaskResult.model_validate_json(result).model_copy(update={"quality": quality}).model_dump_json()


def task_json(record: TaskRecord) -> str:
    """A task where it stands, as JSON."""
    if record.result is not None:
        return record.result
    task = record.task
    return wire.TaskResult(
        id=task.id,
        status=record.status,
        reason=record.reason,
        graph=task.graph,
        router=task.router,
        trade_off=task.trade_off,
        answer=record.answer,
        episode_id=record.episode_id,
        approval=_approval(record),
        created_at=task.created_at,
    ).model_dump_json()


def _approval(record: TaskRecord) -> wire.ApprovalModel | None:
    asked, given = record.question, record.decision
    if asked is None:
        return None
    approval = wire.ApprovalModel(place=asked.place, agent=asked.agent, reason=asked.reason)
    return approval if given is None else approval.model_copy(update={"approved": given.approved, "by": given.by})


def task_page_json(page: TaskPage) -> str:
    """A page of tasks as JSON (``wire.TaskPageModel``); results go in as they are stored."""
    return f'{{"tasks":[{",".join(map(task_json, page.tasks))}],"next_cursor":{json.dumps(page.next_cursor)}}}'


def hop_model(event: HopChosen) -> wire.HopModel:
    """Why a hop was taken; its options come best first."""
    ranked = sorted(event.options, key=lambda option: -(option.score or 0.0))
    return wire.HopModel(
        source=event.source,
        node=event.node,
        decided_by=event.decided_by,
        probability=event.probability,
        policy_version=event.policy_version,
        options=tuple(
            wire.OptionModel(node=o.node, score=o.score, probability=o.probability, evidence=o.evidence) for o in ranked
        ),
        refused=dict(event.refused),
        not_retrieved=event.not_retrieved,
    )


def impasse_model(event: Cornered) -> wire.HopModel:
    """Why no hop could be taken."""
    return wire.HopModel(
        source=event.position, node="", decided_by="nobody", probability=0.0, refused=dict(event.reasons)
    )


def episode_model(episode: Episode, events: Iterable[StoredEvent] = ()) -> wire.EpisodeModel:
    """An episode, with its events where they are given."""
    return wire.EpisodeModel(
        id=episode.id,
        task_id=episode.task_id,
        graph=episode.graph,
        router=episode.router,
        task_type=episode.task_type,
        status=episode.status,
        reason=episode.reason,
        route=episode.route,
        answer=episode.answer,
        usage=_usage(episode),
        reroutes=episode.reroutes,
        failures=_failures(episode.failures),
        dropped=episode.dropped,
        control_llm_calls=episode.control_llm_calls,
        quality=episode.quality,
        started_at=episode.started_at,
        finished_at=episode.finished_at,
        events=tuple(
            wire.EventModel(seq=event.seq, kind=event.kind, at=event.at, data=json.loads(event.payload))
            for event in events
        ),
    )


def graph_model(
    graph: AgentGraph, routers: tuple[str, ...], overlay: Overlay, trails: Iterable[Trails]
) -> wire.GraphModel:
    """A graph with its routers, the default first, the health of its agents and the trails on its edges."""
    read = tuple(trails)
    return wire.GraphModel(
        name=graph.name,
        version=graph.version,
        description=graph.spec.description,
        default_router=routers[0],
        routers=routers,
        nodes=tuple(
            _fan_out(graph, node) if node in graph.branches else _node(graph, node, overlay) for node in graph.nodes
        ),
        edges=tuple(
            wire.EdgeModel(source=source, target=target, trails=_trails_on((source, target), read))
            for source in graph.order
            if source != GOAL
            for target in graph.successors(source)
        ),
    )


def policy_model(entry: str, snapshot: ArtifactSnapshot[object]) -> wire.PolicyModel:
    """A trained artifact that serves."""
    current = snapshot.current
    return wire.PolicyModel(entry=entry, version=current.version, agents=current.agents, problem=snapshot.problem)


def _node(graph: AgentGraph, node: NodeId, overlay: Overlay) -> wire.NodeModel:
    profile = graph.profile(node)
    condition = overlay.of(profile.id)
    return wire.NodeModel(
        name=node,
        agent=profile.id,
        description=profile.description,
        optional=graph.is_optional(node),
        worst_case_usd=profile.worst_case().usd,
        available=condition.available,
        success_rate=condition.success_rate,
        response_s=condition.response_s,
        load=condition.load,
    )


def _fan_out(graph: AgentGraph, node: NodeId) -> wire.NodeModel:
    """A fan-out or a panel is no agent: it is described by its branches, and costs at most what these may."""
    branches = ", ".join(graph.branches[node])
    panel = graph.panels.get(node)
    description = f"fan-out of {branches}" if panel is None else f"panel of {branches}, {panel.most} asked at most"
    return wire.NodeModel(name=node, agent="", description=description, worst_case_usd=graph.worst_case(node).usd)


def _trails_on(edge: tuple[NodeId, NodeId], trails: Iterable[Trails]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for each in trails:
        for task_type, row in each.total.log_tau.items():
            if edge in row:
                found[task_type] = each.tau(edge, {task_type: 1.0}, _READ_UNBOUNDED)
    return found


def _usage(episode: Episode) -> wire.UsageModel:
    used: Usage = episode.usage
    return wire.UsageModel(
        input_tokens=used.input_tokens,
        cached_tokens=used.cached_tokens,
        output_tokens=used.output_tokens,
        model_calls=used.model_calls,
        usd=used.usd,
        charged_usd=episode.charged_usd,
    )


def _amount(spend: Spend) -> wire.SpendModel:
    return wire.SpendModel(usd=spend.usd, tokens=spend.tokens, calls=spend.calls)


def _failures(failures: Iterable[Failure]) -> tuple[wire.FailureModel, ...]:
    return tuple(
        wire.FailureModel(node=f.node, agent=f.agent, kind=f.kind, reason=f.reason, charged_usd=f.charged.usd)
        for f in failures
    )
