"""The workbench's evaluator: the quality of a final answer against a task's reference."""

from __future__ import annotations

import json

from stigmergy.agents.workbench.families.catalog import FAMILIES

_LONGEST_ANSWER = 10_000


def check_answer(reference: str, answer: str | None) -> float:
    """The quality of ``answer`` in [0, 1], by the checker of the family that ``reference`` names.

    Args:
        reference: ``WorkbenchTask.reference``: JSON with ``family`` and the facts of its checker.
        answer: the final text; None or an empty text is worth 0.

    Raises:
        ValueError: ``reference`` is not JSON of a known family.
    """
    family = json.loads(reference).get("family")
    if family not in FAMILIES:
        raise ValueError(f"no family {family!r} in the workbench; known are {', '.join(FAMILIES)}")
    if not answer or not answer.strip() or len(answer) > _LONGEST_ANSWER:
        return 0.0
    return FAMILIES[family].check(reference, answer)
