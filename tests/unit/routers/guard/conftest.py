"""A guard for two agents, put together by hand."""

from __future__ import annotations

import numpy as np
import pytest

from stigmergy.routers.guard.calibration import Calibration, Signal
from stigmergy.routers.guard.guard import Guard
from stigmergy.routers.guard.labels import LabelModel
from stigmergy.routers.guard.neighbours import Neighbours
from stigmergy.routers.guard.terms import Vocabulary, tally

KNOWN = ("what is the interest on my loan", "which pill helps against a headache")


@pytest.fixture
def guard() -> Guard:
    """Knows one query of the bank's and one of the doctor's."""
    hashes = np.unique(np.concatenate([tally(text)[0] for text in KNOWN]))
    vocabulary = Vocabulary(hashes, np.ones(len(hashes), np.float32))
    read = [vocabulary.read(text) for text in KNOWN]
    weights = np.zeros((len(hashes), 2), np.float16)
    for label, terms in enumerate(read):
        weights[terms.columns, label] = 4 * terms.weights
    columns = np.concatenate([terms.columns for terms in read])
    order = np.argsort(columns, kind="stable")
    texts = np.repeat([0, 1], [len(terms.columns) for terms in read]).astype(np.int32)
    shares = np.concatenate([terms.weights for terms in read])
    starts = np.searchsorted(columns[order], np.arange(len(hashes) + 1))
    return Guard(
        vocabulary,
        LabelModel(("bank", "doctor"), np.array([0, 1], np.int32), weights, np.zeros(2, np.float32)),
        Neighbours(starts, texts[order], shares[order], 2, nearest=1),
        Calibration({Signal.REMOTENESS: 5.0}, -5.0),
        0.5,
    )
