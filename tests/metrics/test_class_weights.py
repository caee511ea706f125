"""Weights of symbols: exponentials, but for those that are next to nothing."""

import math

import pytest
import torch

from fluxttice_core.metrics.class_weights import LEAST_LOGIT, class_weights


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_are_the_exponentials(dtype: torch.dtype) -> None:
    below = torch.linspace(LEAST_LOGIT + 0.2, 0, 10_001, dtype=dtype)
    weights = class_weights(below)
    assert weights.dtype == dtype
    assert torch.equal(weights, below.exp())
    assert float(weights.min()) > 0


def test_what_is_next_to_nothing_is_nothing() -> None:
    below = torch.tensor([LEAST_LOGIT, -87.0, -103.0, -1e30, -math.inf])
    assert class_weights(below).tolist() == [0.0] * 5
    assert float(below[1].exp()) > 0


def test_a_logit_that_is_no_number_stays_one() -> None:
    assert class_weights(torch.tensor([0.0, math.nan] * 9)).isnan().tolist() == [False, True] * 9
