"""What a policy sees in service is what the log of the same hop shows to those who learn from it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import numpy as np

from stigmergy.domain import GOAL, START, Budget, NodeId, Spend
from stigmergy.graphs.agent_graph import AgentGraph
from stigmergy.platform.episode import events as ev
from stigmergy.platform.learning.dataset.episode_steps import Logged, steps_of
from stigmergy.platform.learning.dataset.journal import Seen, fresh_episodes, load_episodes
from stigmergy.platform.learning.dataset.recipe import graph_recipe
from stigmergy.platform.store import open_existing
from stigmergy.routers.base import QueryFeatures, RoutingState
from stigmergy.routers.feasibility import Mask
from stigmergy.routers.observation import encode
from stigmergy.routers.situation import situation_of


def test_the_observations_of_a_whole_run_are_the_same(store: Path, graph: AgentGraph) -> None:
    async def load() -> list[Logged]:
        opened = open_existing(f"sqlite:///{store}")
        fresh = await fresh_episodes(opened, "workbench", Seen())
        found = await load_episodes(opened, [each.id for each in fresh[:10]])
        await opened.aclose()
        return found

    for logged in asyncio.run(load()):
        assert logged.task is not None
        accepted = next(event for event in logged.events if isinstance(event, ev.Accepted))
        recipe = graph_recipe(graph, tuple(accepted.mixture), ["some text", "another text"], 0.1)
        steps, _ = steps_of([logged], recipe)
        assert steps is not None
        vector = recipe.semantics.embed(logged.task.text)
        query = QueryFeatures(vector, accepted.mixture, accepted.complexity, "", logged.task.text)
        spent, visited, served = Spend(), list[NodeId](), []
        for event in logged.events:
            if isinstance(event, ev.HopChosen) and event.node != GOAL:
                served.append(_state(graph, query, visited, spent, logged.task.budget))
            elif isinstance(event, ev.CallSucceeded):
                spent, visited = spent + event.charged, [*visited, event.node]
        seen = [encode(recipe.spec, situation_of(recipe.spec, state, vector))[0] for state in served]
        assert np.array_equal(encode(recipe.spec, steps.seen), np.stack(seen))


def _state(
    graph: AgentGraph, query: QueryFeatures, visited: list[NodeId], spent: Spend, budget: Budget
) -> RoutingState:
    position = visited[-1] if visited else START
    assert budget.max_usd is None or spent.usd <= Decimal(budget.max_usd)
    return RoutingState(
        query=query,
        graph=graph,
        position=position,
        candidates=Mask().candidates(graph, position, spent=spent, budget=budget).candidates,
        visited=tuple(visited),
        spent=spent,
        budget=budget,
    )
