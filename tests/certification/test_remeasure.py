"""What other hardware may move in a control's score, and what it may not."""

import pytest

from fluxttice_core.certification.remeasure import _moved
from fluxttice_core.metrics.metric import Score


def score(value: float, half_width: float = 0.0) -> Score:
    return Score("generative_information", "a", value, value - half_width, value + half_width)


@pytest.mark.parametrize(
    ("stated", "again"),
    [
        (score(3.12117e-06), score(3.89354e-06)),  # one sampler without a fault, on two processors
        (score(0.0), score(0.0)),
        (score(14.713), score(14.7131)),
        (score(0.5, 0.02), score(0.509, 0.02)),
    ],
)
def test_rounding_moves_no_control(stated: Score, again: Score) -> None:
    assert _moved("uniform_sampler", stated, again) is None


@pytest.mark.parametrize(
    ("stated", "again"),
    [
        (score(3.0e-06), score(5.0e-05)),  # one operation of 19,683
        (score(14.713), score(14.7135)),
        (score(0.5, 0.02), score(0.511, 0.02)),
        (score(0.5), score(float("nan"))),
        (score(0.5), None),
    ],
)
def test_what_rounding_does_not_move_is_found(stated: Score, again: Score | None) -> None:
    assert "uniform_sampler" in str(_moved("uniform_sampler", stated, again))
