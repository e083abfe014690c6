"""The built-in rule of a panel: the cheapest first, until enough of them agree. Learns nothing, needs no artifact."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

from stigmergy.routers.evidence.router import Ask, Decision, PanelState, Stop


class AgreementRule:
    """A chain by price that stops on agreement, as FrugalGPT's (Chen et al., 2023) does on a score.

    Where nobody is left to be asked the answer of most agents is taken; among equals the one that was given last, which
    is that of the dearest. Its confidence is its share of those asked.

    Args:
        agreeing: how many agents have to give the same canonical answer, at least 1.
    """

    def __init__(self, agreeing: int = 2) -> None:
        self._agreeing = agreeing
        self.version: Final = f"agreement-{agreeing}"

    def decide(self, state: PanelState, _rng: random.Random) -> Decision:
        """Stop or ask; always with certainty."""
        answers = [given.canonical for given in state.given.values() if given.canonical is not None]
        votes = Counter(reversed(answers))
        answer, agreed = votes.most_common(1)[0] if votes else (None, 0)
        left = [agent for agent in state.available if agent not in state.given] if state.asks_left else []
        if left and agreed < self._agreeing:
            cheapest = min(left, key=lambda agent: (state.worst_case_usd.get(agent, 0.0), agent))
            return Ask(agent=cheapest, propensity=1.0)
        confidence = agreed / len(state.given) if state.given else 0.0
        return Stop(answer=answer, confidence=confidence, propensity=1.0)
