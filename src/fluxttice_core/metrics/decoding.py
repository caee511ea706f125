"""From logits to operations: the decode rules, their weights, and index arithmetic on any device."""

from functools import reduce

import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.settings import DECODE_RULES, DecodeRule
from fluxttice_core.shapes import Float, Int64, Integer, UInt8
from fluxttice_core.spaces.product_space import ProductSpace

_EXACT_IN_FLOAT32 = 2**24

LEAST_LOGIT = -80.0
"""Below it e^x nears the least numbers of single precision, and takes a processor four times as long."""

_LEAST_WEIGHT = 2e-35
"""A little more than e^-80, which is so much less than the last digit of the weight 1 beside it."""


def decode_positions(
    logits: Float[Tensor, "n cells base"],
    rule: DecodeRule = "argmax",
    *,
    generator: torch.Generator | None = None,
) -> UInt8[Tensor, "n cells"]:
    """Decode logits to the position (0 = the smallest) of each cell's symbol.

    By `argmax`, the likeliest symbol (the first of equals); `categorical`, a draw from the softmax;
    `expectation`, the softmax mean of the symbols rounded to the nearest.
    """
    require_rule(rule)
    if rule != "categorical":
        return _positions(logits, rule, None)
    if generator is None:
        raise MeasurementError("categorical decoding draws at random: give it a generator", "missing_option")
    return _positions(logits, rule, uniform_draws(tuple(logits.shape[:-1]), generator))


def require_rule(rule: str) -> None:
    """Refuse what is no decode rule."""
    if rule not in DECODE_RULES:
        raise MeasurementError(
            f"{rule!r} is no decode rule: choose one of {', '.join(DECODE_RULES)}", "unknown_name"
        )


def uniform_draws(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Numbers from 0 to 1, in single precision, that decide categorical symbols."""
    return torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float32)


def indices_by(
    rule: DecodeRule,
    logits: Float[Tensor, "n cells base"],
    uniform: Float[Tensor, "n cells"] | None,
    space: ProductSpace,
) -> Int64[Tensor, "n"]:
    """Decode logits to the indices of elements, with numbers already drawn for categorical symbols."""
    if rule == "categorical" and uniform is None:
        raise MeasurementError(
            "categorical decoding draws at random: give it numbers from 0 to 1", "missing_option"
        )
    return indices_of(_positions(logits, rule, uniform if rule == "categorical" else None), space)


def _positions(logits: Tensor, rule: DecodeRule, uniform: Tensor | None) -> Tensor:
    if uniform is not None:
        return _drawn(logits, uniform)
    return _likeliest(logits) if rule == "argmax" else _rounded_mean(logits)


def _likeliest(logits: Tensor) -> Tensor:
    """Compare class by class: with so few, that is several times faster than argmax along the last axis."""
    best, second, *others = logits.unbind(-1)
    position = (second > best).view(torch.uint8)
    last = second
    for c, candidate in enumerate(others, start=2):
        best = torch.maximum(best, last)
        position = torch.maximum(position, (candidate > best).view(torch.uint8) * c)
        last = candidate
    return position


def _rounded_mean(logits: Tensor) -> Tensor:
    """Centre the symbols of odd bases on 0, so that a mean halfway between two goes to the middle one."""
    weights = _class_weights(logits)
    offset = (len(weights) - 1) // 2
    moment = sum(
        ((c - offset) * weight for c, weight in enumerate(weights)), start=torch.zeros_like(weights[0])
    )
    return ((moment / _total(weights)).round() + offset).to(torch.uint8)


def _drawn(logits: Tensor, uniform: Tensor) -> Tensor:
    """Invert the cumulative distribution; unnormalised, so that a symbol of weight 0 is never drawn."""
    *weights, last = _class_weights(logits)
    level = uniform * _total([*weights, last])
    position = torch.zeros(last.shape, dtype=torch.uint8, device=last.device)
    cumulative = torch.zeros_like(last)
    for weight in weights:
        cumulative = cumulative + weight
        position += (level >= cumulative).view(torch.uint8)
    return position


def _class_weights(logits: Tensor) -> list[Tensor]:
    classes = logits.unbind(-1)
    greatest = reduce(torch.maximum, classes)
    return [class_weights(candidate - greatest) for candidate in classes]


def _total(weights: list[Tensor]) -> Tensor:
    return sum(weights[1:], start=weights[0])


def class_weights(below: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""Weight of symbols by how far their logits lie below the greatest of the cell.

    .. math:: w(\delta) = e^{\delta}, \qquad w(\delta) = 0 \text{ where } \delta < -79.9
    """
    return torch.threshold(below.clamp(min=LEAST_LOGIT).exp(), _LEAST_WEIGHT, 0.0)


def indices_of(positions: Integer[Tensor, "n cells"], space: ProductSpace) -> Int64[Tensor, "n"]:
    """Read positions (0 = the smallest symbol) as the indices of elements, the first position fastest."""
    powers = torch.from_numpy(space.place_values()).to(positions.device)
    if space.size <= _EXACT_IN_FLOAT32 and positions.device.type == "cpu":
        # A float product is exact here, and several times faster than one of whole numbers.
        return (positions.float() @ powers.float()).long()
    return (positions.long() * powers).sum(-1)


def positions_of(space: ProductSpace, indices: Int64[Tensor, "n"]) -> Int64[Tensor, "n cells"]:
    """Write indices out as the position (0 = the smallest) of each cell's symbol."""
    powers = torch.from_numpy(space.place_values()).to(indices.device)
    bases = space.base if space.is_even else torch.tensor(space.bases, device=indices.device)
    return indices.unsqueeze(-1) // powers % bases


def symbols_of(space: ProductSpace, indices: Int64[Tensor, "n"]) -> Float[Tensor, "n cells"]:
    """Write indices out as tables of symbols, in single precision, as encoders read them."""
    return (positions_of(space, indices) + space.lowest).float()
