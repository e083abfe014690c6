"""Generated agents, near-duplicates and planted clones among them, and queries whose right agent is known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from math import prod
from typing import Final, TypeAlias

import yaml

from stigmergy.domain import AgentId
from stigmergy.routers.retrieval.cards import AgentCard

_CONCEPTS: Final = ("domains", "skills", "tools", "styles")
_CLONES: Final = 0.02
_SAID_IN_BODY: Final = 2
_DETAILS: Final = 2
Ways: TypeAlias = Sequence[str]
"""One thing, said in several ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query in other words than name and description of its right ``agent``; ``clone`` has the same of both."""

    query: str
    agent: AgentId
    clone: AgentId | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Cards, and what is asked."""

    cards: tuple[AgentCard, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One agent: what it is about (domain, skill, tool, style), and the details that only its body tells."""

    card: AgentCard
    about: tuple[Ways, ...]
    details: tuple[Ways, ...]


def generate(agents: int, queries: int, seed: int) -> Corpus:
    """``agents`` cards, of which a fiftieth are clones, and as many queries for clones and originals as for others.

    Each agent is about one domain, skill, tool and style, no two (but clones) about the same: most have hundreds of
    neighbours that differ in one. Name and description say all four in one way, bodies each in two of three others,
    with two details. A query says each in one of those three ways, and the details, so that much of it is not in the
    right card. A clone has the name and the description of another agent, and other details.

    Raises:
        ValueError: more agents than there are things to be about.
    """
    rng = random.Random(seed)
    words = _words()
    sizes = [len(words[concept]) for concept in _CONCEPTS]
    clones = max(1, round(_CLONES * agents))
    if agents - clones > prod(sizes):
        raise ValueError(f"{agents} agents: there are things for {prod(sizes) + clones} to be about")
    drawn = [
        _drawn(f"agent{number:05d}", _about(words, sizes, place), words["details"], rng)
        for number, place in enumerate(rng.sample(range(prod(sizes)), agents - clones))
    ]
    pairs = [
        (original, _clone_of(original, f"clone{number:05d}", words["details"], rng))
        for number, original in enumerate(rng.sample(drawn, clones))
    ]
    asked = [_asked(each, None, rng) for each in rng.choices(drawn, k=queries - queries // 2)]
    for _ in range(queries // 2):
        right, wrong = rng.sample(rng.choice(pairs), 2)
        asked.append(_asked(right, wrong.card.agent, rng))
    return Corpus(tuple(each.card for each in (*drawn, *(clone for _, clone in pairs))), tuple(asked))


def _words() -> dict[str, list[Ways]]:
    text = resources.files("stigmergy.bench.retrieval").joinpath("words.yaml").read_text(encoding="utf-8")
    found: dict[str, list[Ways]] = yaml.safe_load(text)
    return found


def _about(words: dict[str, list[Ways]], sizes: Sequence[int], place: int) -> tuple[Ways, ...]:
    """The things of a place in the table of all that one can be about."""
    about = []
    for concept, size in zip(_CONCEPTS, sizes, strict=True):
        about.append(words[concept][place % size])
        place //= size
    return tuple(about)


def _drawn(agent: AgentId, about: tuple[Ways, ...], places: Sequence[Ways], rng: random.Random) -> _Drawn:
    details = tuple(rng.sample(places, _DETAILS))
    domain, skill, tool, style = (ways[0] for ways in about)
    card = AgentCard(
        agent=agent,
        name=f"{domain} {skill} {tool}",
        description=f"An agent for {domain}: {skill} with {tool}, {style}.",
        body=_body(about, details, rng),
    )
    return _Drawn(card, about, details)


def _body(about: tuple[Ways, ...], details: tuple[Ways, ...], rng: random.Random) -> str:
    said = [way for ways in about for way in rng.sample(ways[1:], _SAID_IN_BODY)]
    rng.shuffle(said)
    languages, towns = (" and ".join(ways) for ways in zip(*details, strict=True))
    return f"You {', '.join(said)}. You speak {languages}, and know {towns}."


def _clone_of(original: _Drawn, agent: AgentId, places: Sequence[Ways], rng: random.Random) -> _Drawn:
    details = tuple(rng.sample([ways for ways in places if ways not in original.details], _DETAILS))
    card = AgentCard(
        agent=agent,
        name=original.card.name,
        description=original.card.description,
        body=_body(original.about, details, rng),
    )
    return _Drawn(card, original.about, details)


def _asked(right: _Drawn, clone: AgentId | None, rng: random.Random) -> Asked:
    said = [rng.choice(ways[1:]) for ways in right.about]
    rng.shuffle(said)
    query = f"I need {', '.join(said)}, for {' and '.join(rng.choice(ways) for ways in right.details)}"
    return Asked(query=query, agent=right.card.agent, clone=clone)
