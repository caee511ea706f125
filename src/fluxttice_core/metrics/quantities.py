"""The names of quantities: what is measured, and the budget that it was measured with."""

__all__ = ["base_of"]


def base_of(quantity: str) -> str:
    """A quantity without its budget.

    Example:
        >>> base_of("coverage/argmax/50000"), base_of("expected_coverage/categorical/N=10"), base_of("nll")
        ('coverage/argmax', 'expected_coverage/categorical', 'nll')
    """
    base, _, budget = quantity.rpartition("/")
    return base if budget.removeprefix("N=").isdecimal() else quantity
