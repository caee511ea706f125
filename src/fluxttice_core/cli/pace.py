"""How long something will still take, by the pace that this machine has shown."""

_LEAST_SHARE = 0.02
"""Before so much is done, a pace says nothing."""


def time_to_go(elapsed: float, done: float) -> str | None:
    """Time spent and an estimate of what is left; none while too little is done for one.

    Args:
        elapsed: Seconds spent.
        done: Share of the work that is done.

    Example:
        >>> time_to_go(20.0, 0.25)
        '20 s so far, about 1 min to go'
        >>> time_to_go(1.0, 0.0) is None
        True
    """
    if done < _LEAST_SHARE:
        return None
    return f"{duration(elapsed)} so far, about {duration(elapsed * (1 - done) / done)} to go"


def duration(seconds: float) -> str:
    """A duration as a person says it.

    Example:
        >>> duration(41.3), duration(60.0), duration(150.0), duration(9000.0)
        ('41 s', '1 min', '2 min 30 s', '2 h 30 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    large, small, names = (whole // 60, whole % 60, ("min", "s"))
    if large >= 60:
        large, small, names = (large // 60, large % 60, ("h", "min"))
    return f"{large} {names[0]} {small} {names[1]}" if small else f"{large} {names[0]}"
