"""The parts of a guard, fitted on texts. torch is loaded here, when labels are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stigmergy.routers.guard.neighbours import Neighbours
from stigmergy.routers.guard.terms import Floats, Hashes, Terms, Vocabulary

Tally = tuple[Hashes, Floats]
_MEMORY: Final = 5
"""Past steps that L-BFGS remembers."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts over a vocabulary as a sparse matrix by rows, shape (texts, terms)."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: Floats
    terms: int

    def __len__(self) -> int:
        return len(self.starts) - 1


def fit_vocabulary(tallies: Sequence[Tally], least_texts: int) -> Vocabulary:
    """The terms of at least ``least_texts`` texts."""
    hashes, counts = np.unique(np.concatenate([found for found, _ in tallies]), return_counts=True)
    kept = counts >= least_texts
    rarity = np.log((1 + len(tallies)) / (1 + counts[kept])) + 1
    return Vocabulary(hashes[kept], rarity.astype(np.float32))


def rows_of(read: Sequence[Terms], terms: int) -> Rows:
    """The matrix of texts as they were read."""
    starts = np.cumsum([0, *(len(each.columns) for each in read)])
    columns = np.concatenate([each.columns for each in read])
    return Rows(starts, columns, np.concatenate([each.weights for each in read]), terms)


def fit_neighbours(rows: Rows, nearest: int, most_share: float) -> Neighbours:
    """The postings of known texts; a term of more than a share ``most_share`` of them has none.

    Such terms say little, and their postings would take most of the time.
    """
    common = np.bincount(rows.columns, minlength=rows.terms) > most_share * len(rows)
    texts = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
    telling = np.flatnonzero(~common[rows.columns])
    order = telling[np.argsort(rows.columns[telling], kind="stable")]
    starts = np.searchsorted(rows.columns[order], np.arange(rows.terms + 1))
    return Neighbours(starts, texts[order].astype(np.int32), rows.weights[order], len(rows), nearest)


def fit_logistic(
    rows: Rows, labels: NDArray[np.intp], importance: Floats, decay: float, steps: int
) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Weights (terms, labels) and bias (labels,) of a multinomial logistic regression.

    Minimises the mean cross-entropy, each text weighing its ``importance``, plus ``decay / 2`` times the squared norm
    of the weights, by at most ``steps`` steps of L-BFGS from zero.
    """
    import torch

    matrix = _matrix(torch, rows)
    flipped = matrix.t().coalesce()
    classes = int(labels.max()) + 1
    right = torch.nn.functional.one_hot(torch.from_numpy(labels), classes).float()
    shares = torch.from_numpy(importance / importance.sum())[:, None]
    weights, bias = torch.zeros(rows.terms, classes), torch.zeros(classes)
    solver: Any = torch.optim.LBFGS(
        [weights, bias], max_iter=steps, history_size=_MEMORY, line_search_fn="strong_wolfe", tolerance_change=1e-7
    )

    def loss() -> Any:
        logs = torch.log_softmax(matrix @ weights + bias, dim=1)
        surplus = shares * (logs.exp() - right)
        weights.grad = flipped @ surplus + decay * weights
        bias.grad = surplus.sum(dim=0)
        return -(shares * right * logs).sum() + decay / 2 * weights.square().sum()

    solver.step(loss)
    return weights.numpy().astype(np.float16), bias.numpy()


def _matrix(torch: Any, rows: Rows) -> Any:
    texts = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
    places = torch.from_numpy(np.stack((texts, rows.columns)))
    size, weights = (len(rows), rows.terms), torch.from_numpy(rows.weights)
    return torch.sparse_coo_tensor(places, weights, size, check_invariants=True).coalesce()
