"""What every report says that it cannot say."""

__all__ = ["limitations_of"]

_ALWAYS = (
    "Intervals are those of the draws: they do not say how another training run would score.",
    "The Gaussian frontier bounds codes of one Gaussian latent a trit, not every code.",
    "Coverage and p(x) speak of the prior; nothing here speaks of uses that start from other latents.",
)
_UNKNOWN_SPLIT = (
    "The rows that the model was trained on are not recorded: nothing is claimed of held-out operations."
)


def limitations_of(*, split_known: bool) -> tuple[str, ...]:
    """The limitations of a report.

    Args:
        split_known: Whether it is recorded which rows the model was trained on.

    Example:
        >>> len(limitations_of(split_known=False)) - len(limitations_of(split_known=True))
        1
    """
    return _ALWAYS if split_known else (*_ALWAYS, _UNKNOWN_SPLIT)
