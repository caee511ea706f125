"""Exponentials of logits, at the same speed however certain the decoder is."""

import torch
from jaxtyping import Float
from torch import Tensor

LEAST_LOGIT = -80.0
"""Below it e^x nears the least numbers of single precision, and takes a processor four times as long."""

_LEAST_WEIGHT = 2e-35
"""A little more than e^-80, which is so much less than the last digit of the weight 1 beside it."""


def class_weights(below: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    r"""Weight of symbols by how far their logits lie below the greatest of the cell.

    .. math:: w(\delta) = e^{\delta}, \qquad w(\delta) = 0 \text{ where } \delta < -79.9

    Args:
        below: Differences from the cell's greatest logit, none above 0.

    Returns:
        The weights, of which each cell has one that is 1.

    Example:
        >>> class_weights(torch.tensor([0.0, -1.0, -90.0, -torch.inf])).tolist()
        [1.0, 0.3678794503211975, 0.0, 0.0]
    """
    return torch.threshold(below.clamp(min=LEAST_LOGIT).exp(), _LEAST_WEIGHT, 0.0)
