"""What a policy does on logged queries."""

from __future__ import annotations

import numpy as np

from stigmergy.platform.learning.evidence.answer_log import AnswerLog, answer_scores, make_batch
from stigmergy.platform.learning.evidence.induction import Continuation, follow, stop_here
from stigmergy.routers.evidence.batch import members_of
from stigmergy.routers.evidence.policy import EvidencePolicy, choose


def play(policy: EvidencePolicy, log: AnswerLog) -> Continuation:
    """Quality and cost in USD of every trade-off of a policy on every query, shape (N, L).

    Every set of agents is judged as if it had been asked, and the decisions are then followed from the end: what is
    read off at the beginning is exactly what asking one agent after the other comes to.
    """
    mine = log.of(policy.roster)
    batch = make_batch(mine, policy.tasks, policy.scales)
    ahead: dict[int, Continuation] = {}
    for asked in reversed(range(1 << len(policy.roster))):
        members = members_of(asked)
        free = np.array([not asked >> place & 1 for place in range(len(policy.roster))])
        verdict = policy.judge(batch, asked, mine.available & free)
        stopped = stop_here(answer_scores(mine, verdict.answer[:, None], members)[:, 0], len(policy.prices))
        going = {
            int(place): Continuation(then.quality, then.cost + mine.cost[:, place, None])
            for place in np.flatnonzero(free)
            for then in [ahead[asked | 1 << int(place)]]
        }
        ahead[asked] = follow(stopped, going, choose(verdict.advantage, nobody_asked=not asked))
    return ahead[0]
