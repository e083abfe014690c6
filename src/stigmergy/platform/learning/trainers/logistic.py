"""Logistic regression on sparse rows."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from stigmergy.platform.learning.guarding.fitting import Rows
from stigmergy.routers.guard.terms import Floats

_MEMORY: Final = 5
"""Past steps that L-BFGS remembers."""


def fit_logistic(
    rows: Rows, labels: NDArray[np.intp], importance: Floats, decay: float, steps: int
) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Weights (terms, labels) and bias (labels,) of a multinomial logistic regression.

    Minimises the mean cross-entropy, each text weighing its ``importance``, plus ``decay / 2`` times the squared norm
    of the weights, by at most ``steps`` steps of L-BFGS from zero.
    """
    matrix = _matrix(rows)
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


def _matrix(rows: Rows) -> Any:
    texts = np.repeat(np.arange(len(rows)), np.diff(rows.starts))
    places = torch.from_numpy(np.stack((texts, rows.columns)))
    size, weights = (len(rows), rows.terms), torch.from_numpy(rows.weights)
    return torch.sparse_coo_tensor(places, weights, size, check_invariants=True).coalesce()
