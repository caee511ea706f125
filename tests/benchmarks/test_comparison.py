"""No share above 1, no negative one, and no figure of a machine that was too busy."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.comparison import against, share_of_limit, shares
from benchmarks.product_rate import Limit
from benchmarks.stopwatch import Timing

seconds = st.floats(1e-6, 1e6)


def steady(least: float) -> Timing:
    return Timing(1, [least, least], [least, least])


UNSTEADY = Timing(1, [1.0, 2.0], [1.0, 2.0])
STARVED = Timing(1, [1.0, 1.0], [0.4, 0.4])


@given(seconds, st.floats(1e-3, 1e12), st.floats(1e-3, 1e12))
def test_no_share_above_one_is_ever_printed(taken: float, products: float, rate: float) -> None:
    said = share_of_limit(steady(taken), products, Limit(rate))
    if products / taken > rate:
        assert said == "the machine was too busy to tell: it outran its limit"
    else:
        assert 0 <= float(said.split()[0]) <= 1


def test_a_share_of_a_limit() -> None:
    assert share_of_limit(steady(2.0), 100.0, Limit(200.0)) == "0.25 of the product rate"


def test_a_rival_s_ratio() -> None:
    assert against(steady(3.0), steady(2.0), "the rival") == "1.50 of the rival"
    assert against(steady(3.0), steady(2.0), "eight", times=8) == "0.19 of eight"
    assert against(steady(1.0), steady(42.0), "the rival") == "1/42 of the rival"


COMPARISONS: dict[str, Callable[[Timing], str]] = {
    "limit": lambda timing: share_of_limit(timing, 1.0, Limit(1e9)),
    "rival": lambda timing: against(timing, steady(1.0), "the rival"),
    "as the rival": lambda timing: against(steady(1.0), timing, "the rival"),
    "parts": lambda timing: shares({"draws": steady(1.0), "AdamW": timing})["draws"],
}


@pytest.mark.parametrize("comparison", COMPARISONS.values(), ids=COMPARISONS)
def test_a_busy_machine_is_named_in_place_of_a_figure(comparison: Callable[[Timing], str]) -> None:
    assert comparison(UNSTEADY) == "the machine was too busy to tell: no two repeats agree"
    assert comparison(STARVED) == "the machine was too busy to tell: other programs took processor time"
    assert "too busy" not in comparison(steady(1.0))


def test_a_doubtful_limit_gives_no_share() -> None:
    said = share_of_limit(steady(1.0), 1.0, Limit(10.0, "other programs took processor time"))
    assert said == "the machine was too busy to tell: other programs took processor time"


@given(st.lists(seconds, min_size=2, max_size=5))
def test_parts_are_shares_that_make_a_whole(taken: list[float]) -> None:
    said = shares({str(place): steady(least) for place, least in enumerate(taken)})
    found = [int(text.split("%")[0]) for text in said.values()]
    assert all(0 <= share <= 100 for share in found)
    assert sum(found) == pytest.approx(100, abs=len(found) / 2)
