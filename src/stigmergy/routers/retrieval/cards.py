"""What is searched: the card of an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stigmergy.domain import AgentId, AgentProfile

FIELDS: Final = ("name", "description", "body")
"""The fields of a card, in the order of every array that has one column per field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """What is said of an agent, and in ``body`` what it really does: its prompt, its skills, examples of its work.

    Two agents may share a name and a description; their bodies and what came of their work tell them apart.
    """

    agent: AgentId
    name: str
    description: str = ""
    body: str = ""

    @property
    def text(self) -> str:
        """The whole card as one text."""
        return "\n".join(part for part in (self.name, self.description, self.body) if part)


def card_of(profile: AgentProfile) -> AgentCard:
    """The card of a configured agent."""
    return AgentCard(agent=profile.id, name=profile.id, description=profile.description, body=profile.body)
