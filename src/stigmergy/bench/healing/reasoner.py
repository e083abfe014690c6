"""A scripted language model that follows the ReAct protocol: all it knows is what stands in its prompt.

It is what a good model does on a good day: it keeps to the descriptions, tries an alternative after an error, never
claims what it did not see, and hands over what it cannot do. Each answer counts as one call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOOL = re.compile(
    r"^- (?P<name>\w+)(?P<down> \[known to be down\])?: (?P<purpose>[\w ]+?) - (?P<rest>.*)$", re.MULTILINE
)
_RULE = re.compile(
    r"^Rule: Before (?P<name>\w+) escalate to a person when (?P<label>\w+) is (?P<when>.+)\.$", re.MULTILINE
)
_ACTION = re.compile(r"^Action: (?P<name>\w+)$", re.MULTILINE)
_OBSERVATION = re.compile(r"^Observation: (?P<text>.*)$", re.MULTILINE)
FAILED = "error:"
"""How an observation of a failed call begins."""


@dataclass(frozen=True, slots=True)
class _Tool:
    name: str
    purpose: str
    optional: bool
    down: bool


class ScriptedReasoner:
    """Answers a ReAct prompt with ``Thought`` and ``Action``, or with ``Final``."""

    def __init__(self) -> None:
        self.calls = 0

    def complete(self, prompt: str) -> str:
        """The next step of the transcript in the prompt."""
        self.calls += 1
        tools = [
            _Tool(found["name"], found["purpose"], "Optional." in found["rest"], found["down"] is not None)
            for found in _TOOL.finditer(prompt)
        ]
        tried = _transcript(prompt)
        given_up: list[str] = []
        for purpose in dict.fromkeys(tool.purpose for tool in tools):
            serving = [tool for tool in tools if tool.purpose == purpose]
            if any(tried.get(tool.name, FAILED) != FAILED for tool in serving):
                continue
            usable = [tool for tool in serving if not tool.down and tool.name not in tried]
            if usable and (why := _rule_against(prompt, usable[0].name)) is not None:
                return f"Thought: a rule says that a person decides this.\nFinal: escalated: {why}"
            if usable:
                return f"Thought: {purpose} comes next, and {usable[0].name} can do it.\nAction: {usable[0].name}"
            if not all(tool.optional for tool in serving):
                return _hand_over(purpose, serving)
            given_up += (tool.name for tool in serving)
        return _report(given_up)


def _rule_against(prompt: str, tool: str) -> str | None:
    """Why the rules in the prompt want a person to be asked before this tool is used."""
    for rule in _RULE.finditer(prompt):
        stated = re.search(rf"^{rule['label']}: (.+)$", prompt, re.MULTILINE)
        if rule["name"] != tool or stated is None:
            continue
        kind, _, limits = rule["when"].partition(" ")
        if float(stated[1]) > float(limits) if kind == "above" else stated[1] in limits.split():
            return f"{tool} needs a person, because {rule['label']} is {stated[1]}"
    return None


def _transcript(prompt: str) -> dict[str, str]:
    """What came of each tool that was tried: ``FAILED``, or its last observation."""
    actions = [found["name"] for found in _ACTION.finditer(prompt)]
    observations = [found["text"] for found in _OBSERVATION.finditer(prompt)]
    return {name: FAILED if text.startswith(FAILED) else text for name, text in zip(actions, observations, strict=True)}


def _hand_over(purpose: str, serving: Sequence[_Tool]) -> str:
    names = ", ".join(tool.name for tool in serving)
    return f"Thought: nothing is left that can do it.\nFinal: escalated: {purpose} cannot be done by {names}"


def _report(given_up: Sequence[str]) -> str:
    if given_up:
        return f"Thought: all that is required is done.\nFinal: demoted: without {', '.join(given_up)}"
    return "Thought: all is done.\nFinal: completed: everything was done"
