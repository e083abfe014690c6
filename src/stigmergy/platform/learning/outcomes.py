"""An episode's events as a router learns from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from stigmergy.domain import ESCALATION, START, Episode, EpisodeId, Failure, NodeId
from stigmergy.platform.episode import events as ev
from stigmergy.platform.episode.advance import fold
from stigmergy.routers.base import Outcome, QueryFeatures, StepOutcome


def outcome_of(episode_id: EpisodeId, events: Sequence[ev.Event], features: QueryFeatures | None = None) -> Outcome:
    """Fold a finished episode into what a router may learn.

    Steps that healing undid are left out; failed calls appear as infrastructure failures, never as poor work. The
    quality is the newest one given; an episode that nobody judged has none. A fan-out is one step without an agent
    (""), whose usage is that of its branches: what happened inside them is not learnt from yet.
    """
    ended = fold(events)
    return _outcome(episode_id, events, ended.route, ended.charged.usd, features)


def outcome_of_ended(episode: Episode, events: Sequence[ev.Event], features: QueryFeatures | None) -> Outcome:
    """The same of an episode whose summary says already what folding its events would."""
    return _outcome(episode.id, events, episode.route, episode.charged_usd, features)


def _outcome(
    episode_id: EpisodeId,
    events: Sequence[ev.Event],
    route: tuple[NodeId, ...],
    charged_usd: Decimal,
    features: QueryFeatures | None,
) -> Outcome:
    accepted = next(event for event in events if isinstance(event, ev.Accepted))
    judged = [event for event in events if isinstance(event, ev.QualityGiven)]
    return Outcome(
        episode_id=episode_id,
        graph=accepted.graph,
        mixture=accepted.mixture,
        steps=tuple(_steps(events, route)),
        quality=judged[-1].quality if judged else None,
        cost_usd=float(charged_usd),
        infrastructure_failures=tuple(_failures(events)),
        features=features,
        judged_probability=judged[-1].probability if judged else 1.0,
    )


def _steps(events: Sequence[ev.Event], kept: tuple[NodeId, ...]) -> Iterator[StepOutcome]:
    main = [event for event in events if not getattr(event, "branch", "")]
    hops = {event.node: event for event in main if isinstance(event, ev.HopChosen)}
    calls = {
        event.node: event
        for event in main
        if isinstance(event, (ev.CallSucceeded, ev.Joined)) and event.node != ESCALATION
    }
    following: tuple[NodeId | None, ...] = (*kept, None)[1:]
    source = START
    for node, after in zip(kept, following, strict=True):
        call = calls[node]
        yield StepOutcome(
            source=source,
            node=node,
            agent=call.reply.agent,
            usage=call.reply.usage,
            answered=call.reply.answered,
            judgement=calls[after].reply.verdict if after is not None else None,
            decided_by_router=hops[node].decided_by is ev.DecidedBy.ROUTER,
        )
        source = node


def _failures(events: Sequence[ev.Event]) -> Iterator[Failure]:
    for event in events:
        if isinstance(event, ev.CallFailed):
            yield Failure(
                node=event.node, agent=event.agent, kind=event.failure, reason=event.reason, charged=event.charged
            )
