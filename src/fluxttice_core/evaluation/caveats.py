"""What a report cannot say, and which bad generators its metrics do not tell from the model, in sentences.

Sentences may be improved at any time: whoever checks a report compares its numbers and not its wording. All
that a sentence must not do is to state a number of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from fluxttice_core.metrics.catalogue import base_of
from fluxttice_core.metrics.naming import label
from fluxttice_core.spaces.nouns import TERNARY, Nouns

if TYPE_CHECKING:
    from fluxttice_core.metrics.settings import ControlName
    from fluxttice_core.spaces.product_space import ProductSpace

SIGNS: dict[ControlName, str] = {
    "uniform_sampler": "U",
    "untrained": "N",
    "constant_decoder": "C",
    "half_support": "H",
    "oracle": "O",
}
CONTROL_WORDS: dict[ControlName, str] = {
    "uniform_sampler": "a uniform sampler",
    "untrained": "untrained networks",
    "constant_decoder": "a constant decoder",
    "half_support": "a generator of half the space",
    "oracle": "the oracle",
}
DESCRIPTIONS: dict[ControlName, str] = {
    "uniform_sampler": "every operation equally likely, without a code",
    "untrained": "freshly initialised networks of the same shape",
    "constant_decoder": "even odds whatever the latent, and a code that says nothing",
    "half_support": "a perfect code that reaches every second operation only",
    "oracle": "one latent a cell, cut at the quantiles of the prior: perfect",
}

_HALVES = {
    "half the space": "half of the target",
    "second operation only": "second operation of the target only",
}
_INTERVALS = "Intervals are those of the draws: they do not say how another training run would score."
_FRONTIER = "The Gaussian frontier bounds codes of one Gaussian latent a trit, not every code."
_NO_FRONTIER = (
    "What the least rate of a code is at its distortion is worked out for three values alone: the figures "
    "beside that frontier are left out."
)
_PRIOR = "Coverage and p(x) speak of the prior; nothing here speaks of uses that start from other latents."
_UNKNOWN_SPLIT = (
    "The rows that the model was trained on are not recorded: nothing is claimed of held-out operations."
)
_FEW_HELD_OUT = "So few operations were held out that even all of them would say little of others."
GIVEN_ROWS = (
    "The decoders' thresholds and the encoders' boxes were computed from all rows, the held-out ones among "
    "them: figures of held-out rows say nothing of unseen ones."
)
"""Of a model whose decoders read a table, which does not learn its rows from the training part."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CONSTANTS = frozenset({"0", "1", "10", "50", "95", "256", "²"})
"""Every number that sentences of any version hold by themselves: levels, examples, names of digests."""

_TELLING = 30
"""Held-out rows that, all returned, bound the share of others that are lost by 10 %, at 95 %."""


def limitations_of(space: ProductSpace, held_out: int | None) -> tuple[str, ...]:
    """The limitations of a report, by the rows that were held out; none: that is not recorded."""
    found = [_INTERVALS, _FRONTIER if space.is_ternary else _NO_FRONTIER, _PRIOR]
    if held_out is None:
        found.append(_UNKNOWN_SPLIT)
    elif held_out < _TELLING:
        found.append(_FEW_HELD_OUT)
    return tuple(map(space.nouns.own, found))


def warnings_of(
    found: Iterable[tuple[str, Collection[ControlName]]], nouns: Nouns = TERNARY
) -> tuple[str, ...]:
    """One sentence for each set of bad generators that some metrics do not tell from the model.

    The last is about the uniform sampler, which is no bad generator but has no code. What is found are names
    of metrics, each with the controls, save the oracle, that it does not tell apart.
    """
    blind: dict[str, set[ControlName]] = {}
    labels: dict[str, str] = {}
    uniform: dict[str, None] = {}
    for name, controls in found:
        labels[base_of(name)] = label(name, nouns, budget=False)
        if set(controls) - {"uniform_sampler"}:
            blind.setdefault(base_of(name), set()).update(controls)
        if "uniform_sampler" in controls:
            uniform[labels[base_of(name)]] = None
    grouped: dict[tuple[str, ...], dict[str, None]] = {}
    for base, controls in blind.items():
        named = tuple(w for c, w in CONTROL_WORDS.items() if c in controls and c != "uniform_sampler")
        grouped.setdefault(named, {})[labels[base]] = None
    sentences = [f"Not told from {' or '.join(named)}: {', '.join(them)}." for named, them in grouped.items()]
    if uniform:
        sampler = CONTROL_WORDS["uniform_sampler"]
        sentences.append(f"Not told from {sampler}, which has no code: {', '.join(uniform)}.")
    return tuple(sentences)


def of_target(sentence: str) -> str:
    """A sentence about controls beside a target, half of which one of them reaches.

    Example:
        >>> of_target("Not told from a generator of half the space: NLL.")
        'Not told from a generator of half of the target: NLL.'
    """
    for of_space, instead in _HALVES.items():
        sentence = sentence.replace(of_space, instead)
    return sentence


def numbers_in(text: str) -> set[str]:
    """The numbers that a text states, without the commas of thousands; signs like ² alone.

    Example:
        >>> sorted(numbers_in("N = 50,000, or 99.5 %"))
        ['50000', '99.5']
    """
    signs = {sign for sign in text if sign.isnumeric() and not sign.isdecimal()}
    return {number.replace(",", "") for number in _NUMBER.findall(text)} | signs


def stray_number(stated: Iterable[str], due: Iterable[str]) -> str | None:
    """A number in sentences that neither those that are due nor any wording of them hold; none if all do."""
    known = _CONSTANTS.union(*map(numbers_in, due))
    return min(set().union(*map(numbers_in, stated)) - known, default=None)
