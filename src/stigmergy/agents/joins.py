"""How the replies of a fan-out's branches become one. Pure: ballots in, a reply out.

Two replies agree when their canonical answers are equal: ``Reply.canonical`` where it is set, else the text in lower
case with every run of white space as one space. A reply that is no answer (``answered`` False) has no voice; where no
branch answered, the join did not either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from stigmergy.agents.base import Reply


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one branch says. ``weight`` >= 0 is the probability with which the router chose its way."""

    branch: str
    reply: Reply
    weight: float = 1.0


Ballots: TypeAlias = Sequence[Ballot]
"""At least one, in the order of the fan-out's branches."""


def join(rule: str, ballots: Ballots) -> Reply:
    """One reply by the rule of this name (``graphs.nodes.JOINS``); KeyError for another name."""
    answered = [ballot for ballot in ballots if ballot.reply.answered]
    return _RULES[rule](answered) if answered else ballots[0].reply


def agreement(rule: str, ballots: Ballots, running: int) -> float:
    """The share in [0, 1] that the leading answer has at least, however the ``running`` branches will vote.

    ``w(leading) / (sum of w over answers + running)``: a branch still running counts as a full vote against it.
    """
    voices = _voices(_weighed(rule, [ballot for ballot in ballots if ballot.reply.answered]))
    return max(voices.values()) / (sum(voices.values()) + running) if voices and any(voices.values()) else 0.0


def why_enough(rule: str, stop_at: float | None, ballots: Ballots, running: int) -> str | None:
    """Why the join needs no more branches; None when it does."""
    if rule == "first_good":
        good = next((ballot.branch for ballot in ballots if ballot.reply.answered), None)
        return None if good is None else f"branch {good} has answered"
    if stop_at is None or (share := agreement(rule, ballots, running)) < stop_at:
        return None
    return f"the leading answer has {share:.0%} of the votes, enough at {stop_at:.0%}"


def canonical(reply: Reply) -> str:
    """The form in which answers are compared."""
    return reply.canonical if reply.canonical is not None else " ".join(reply.text.split()).casefold()


def _vote(ballots: Ballots) -> Reply:
    return _elected([replace(ballot, weight=1.0) for ballot in ballots])


def _elected(ballots: Ballots) -> Reply:
    """The first reply of the leading answer; of equal ones that of the first branch."""
    voices = _voices(ballots)
    leading = max(voices, key=voices.__getitem__)
    total = sum(voices.values())
    reply = next(ballot.reply for ballot in ballots if canonical(ballot.reply) == leading)
    return replace(reply, canonical=leading, confidence=voices[leading] / total if total else None)


def _concatenated(ballots: Ballots) -> Reply:
    texts = {ballot.branch: ballot.reply.text for ballot in ballots}
    return Reply(text="\n\n".join(texts.values()), data={"branches": texts})


def _first(ballots: Ballots) -> Reply:
    return ballots[0].reply


def _weighed(rule: str, ballots: Ballots) -> Ballots:
    return ballots if rule == "weighted_vote" else [replace(ballot, weight=1.0) for ballot in ballots]


def _voices(ballots: Ballots) -> dict[str, float]:
    voices: dict[str, float] = {}
    for ballot in ballots:
        answer = canonical(ballot.reply)
        voices[answer] = voices.get(answer, 0.0) + ballot.weight
    return voices


_RULES: Final[Mapping[str, Callable[[Ballots], Reply]]] = {
    "vote": _vote,
    "weighted_vote": _elected,
    "concatenate": _concatenated,
    "first_good": _first,
}
RULES: Final = tuple(_RULES)
