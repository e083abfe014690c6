"""One decision of a panel: stop with an answer, or ask one more agent. Executes nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from stigmergy.domain import AgentId, Mixture
from stigmergy.routers.evidence.batch import NO_ANSWER, UNASKED, EvidenceBatch
from stigmergy.routers.evidence.policy import EvidencePolicy, Verdict, choose


@dataclass(frozen=True, slots=True)
class Given:
    """What one agent of the panel replied: its canonical answer (None: it gave none), tokens out, and money."""

    canonical: str | None
    tokens_out: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelState:
    """Where a panel stands.

    Attributes:
        mixture: of the query over task types.
        characters: length of the query's text.
        given: replies so far, in the order in which they came; agents that failed too, without an answer.
        available: agents that the mask lets through; ones that were asked already are never asked again.
        worst_case_usd: what asking an agent may cost at most; an agent that is missing here costs nothing.
        budget_left_usd: infinite where there is no budget.
        asks_left: how many more may be asked.
    """

    mixture: Mixture
    characters: int
    given: Mapping[AgentId, Given] = field(default_factory=dict)
    available: AbstractSet[AgentId]
    worst_case_usd: Mapping[AgentId, float] = field(default_factory=dict)
    budget_left_usd: float = float("inf")
    asks_left: int = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The panel is done. ``answer`` is None where nobody gave one; ``confidence`` is its probability to be right."""

    answer: str | None
    confidence: float
    propensity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One more agent is to be asked.

    Attributes:
        agent: which one.
        propensity: the probability with which this was decided.
        advantage: quality that asking is expected to bring over stopping, less the price of its money.
        checks_unanimity: the policy would have stopped on a unanimous answer, which is being checked.
    """

    agent: AgentId
    propensity: float
    advantage: float
    checks_unanimity: bool = False


Decision: TypeAlias = Stop | Ask


class EvidenceRouter:
    """Decides by a trained policy; thread-safe, and pure but for the random numbers that it is given.

    Agreement may be wrong together, and a log of a router that always stops on it never shows that. So a share of the
    panels that would stop on a unanimous answer asks one more agent all the same, each feasible one with equal chance.

    Args:
        policy: trained.
        price: what spending the best single agent's mean cost once is worth in quality; the nearest one that was
            trained for is used.
        check_share: share of unanimous answers to check, in [0, 1].
    """

    def __init__(self, policy: EvidencePolicy, *, price: float, check_share: float = 0.02) -> None:
        if not 0.0 <= check_share <= 1.0:
            raise ValueError(f"check_share = {check_share}: it must be at least 0 and at most 1")
        self._policy = policy
        self._trade_off = int(np.abs(policy.prices - price).argmin())
        self._check_share = check_share

    def decide(self, state: PanelState, rng: random.Random) -> Decision:
        """Stop or ask. Stops also when nobody is left to be asked; see ``PanelState``."""
        batch, answers = self._read(state)
        feasible = np.array([[self._feasible(state, agent) for agent in self._policy.roster]])
        asked = sum(1 << place for place, agent in enumerate(self._policy.roster) if agent in state.given)
        verdict = self._policy.judge(batch, asked, feasible)
        advantage = verdict.advantage[:, :, self._trade_off : self._trade_off + 1]
        place = int(choose(advantage, nobody_asked=not asked)[0, 0])
        if place >= 0:
            return Ask(agent=self._policy.roster[place], propensity=1.0, advantage=float(advantage[0, place, 0]))
        open_places = [int(each) for each in feasible[0].nonzero()[0]]
        unanimous = asked.bit_count() > 1 and int(verdict.behind[0]) == asked.bit_count()
        chance = self._check_share if unanimous and open_places else 0.0
        if rng.random() < chance:
            return self._check(verdict, open_places, chance, rng)
        code = int(verdict.answer[0])
        answer = None if code == NO_ANSWER else answers[code - 1]
        return Stop(answer=answer, confidence=float(verdict.confidence[0]), propensity=1.0 - chance)

    def _check(self, verdict: Verdict, open_places: list[int], chance: float, rng: random.Random) -> Ask:
        place = rng.choice(open_places)
        return Ask(
            agent=self._policy.roster[place],
            propensity=chance / len(open_places),
            advantage=float(verdict.advantage[0, place, self._trade_off]),
            checks_unanimity=True,
        )

    def _feasible(self, state: PanelState, agent: AgentId) -> bool:
        return (
            state.asks_left > 0
            and agent in state.available
            and agent not in state.given
            and state.worst_case_usd.get(agent, 0.0) <= state.budget_left_usd
        )

    def _read(self, state: PanelState) -> tuple[EvidenceBatch, tuple[str, ...]]:
        """The state as a batch of one, and the answers behind its codes."""
        policy, scales = self._policy, self._policy.scales
        replies = [state.given.get(agent) for agent in policy.roster]
        answers = tuple(dict.fromkeys(reply.canonical for reply in replies if reply and reply.canonical is not None))
        codes = [UNASKED if reply is None else _code(reply, answers) for reply in replies]
        tokens = np.log1p(np.array([0 if reply is None else reply.tokens_out for reply in replies], dtype=np.float64))
        there = np.array([reply is not None for reply in replies])
        spent = np.array([0.0 if reply is None else reply.cost_usd for reply in replies])
        batch = EvidenceBatch(
            answers=np.array([codes]),
            effort=np.where(there, (tokens - scales.effort_mean) / scales.effort_spread, 0.0)[None, :],
            spent=spent[None, :] / scales.best_cost_usd,
            task=np.array([[state.mixture.get(task, 0.0) for task in policy.tasks]]),
            length=np.array([(np.log1p(state.characters) - scales.length_mean) / scales.length_spread]),
        )
        return batch, answers


def _code(reply: Given, answers: tuple[str, ...]) -> int:
    return NO_ANSWER if reply.canonical is None else answers.index(reply.canonical) + 1
