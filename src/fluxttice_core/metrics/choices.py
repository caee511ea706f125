"""What a measurement can choose from, apart from what computes it: settings are read without torch."""

from typing import Literal, get_args

__all__ = [
    "BRACKETED",
    "DECODE_RULES",
    "DEFAULT_GROUPS",
    "HISTOGRAM_BINS",
    "HISTOGRAM_BOUND",
    "MINIMUM_UNTRAINED",
    "DecodeRule",
    "Direction",
    "Unit",
]

MINIMUM_UNTRAINED = 5
"""The fewest untrained networks that a floor is taken from."""

DEFAULT_GROUPS = 8
"""Independent groups that the prior draws behind p(x) are parted into, for its errors."""

HISTOGRAM_BINS, HISTOGRAM_BOUND = 50, 3.0
"""The histogram of latents in older reports: so many bins between plus and minus the bound."""

BRACKETED = "cross-fit below, plug-in less its noise above"
"""The method of an interval between two estimates of a total variation."""

Unit = Literal["fraction", "nats", "operations", "draws", "dimensions", "ratio"]
Direction = Literal["higher", "lower", "neither"]
"""Which way a figure is better; `neither` for a description."""

DecodeRule = Literal["argmax", "categorical", "expectation"]
"""How logits become one symbol a cell: the likeliest, a draw, or the softmax mean rounded."""

DECODE_RULES: tuple[DecodeRule, ...] = get_args(DecodeRule)
