"""What is known of queries once some agents have answered, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

UNASKED: Final = -1
NO_ANSWER: Final = 0
"""The agent was asked and gave nothing that could be read as an answer. Codes of answers begin at 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBatch:
    """N queries against the K agents of a roster.

    Attributes:
        answers: shape (N, K); a code that is the same for the same canonical answer to one query, and means nothing
            across queries; or ``UNASKED``, or ``NO_ANSWER``.
        effort: shape (N, K); ``log(1 + tokens out)`` of a reply, standardised per agent; 0 where there is none.
        spent: shape (N, K); money that a reply took, as a share of the best single agent's mean; 0 where there is none.
        task: shape (N, T); mixture over task types, all zeros for a task type that was never seen.
        length: shape (N,); ``log(1 + characters)`` of the query, standardised.
    """

    answers: Codes
    effort: Floats
    spent: Floats
    task: Floats
    length: Floats


def members_of(asked: int) -> tuple[int, ...]:
    """The places in the roster of a set of agents written as a bit mask, ascending."""
    return tuple(place for place in range(asked.bit_length()) if asked >> place & 1)
