"""A kind in a subsample: the chance that it is missed, and what it adds to the entropy there."""

import numpy as np
from scipy import special

from fluxttice_core.shapes import Float64

Values = Float64[np.ndarray, "values"]

_SERIES = 100.0
"""From so large a number on Stirling's series has all digits of a logarithm of its Gamma function."""

_WIDTH = 8.0
"""So many standard deviations of a count hold all of it, to fifteen digits."""

_SMOOTH = 100.0
"""A count expected so often has an entropy term that four moments give to seven digits."""


def missed(times: Values, drawn: int, draws: int) -> Values:
    r"""Return the chance that m of n draws hold none of those of a kind, $\binom{n-x}{m}/\binom nm$."""
    left = draws - drawn - times
    # Of x and m, which may change places, the less; vast logarithms are not subtracted.
    less = np.minimum(times, drawn) if drawn else times
    some, first, last = np.maximum(less, 1e-9), draws - less + 1, np.maximum(left, 0.0) + 1
    log = np.where(
        last < _SERIES,
        special.betaln(first, some) - special.betaln(last, some),
        _gamma_ratio(last, some) - _gamma_ratio(first, some) + some * np.log((last + some) / (first + some)),
    )
    return np.asarray(np.where(times <= 0, 1.0, np.where(left >= 0, np.exp(np.minimum(log, 0.0)), 0.0)))


def _gamma_ratio(start: Values, steps: Values) -> Values:
    r"""Return $\ln\Gamma(a + b) - \ln\Gamma(a) - b(\ln(a + b) - 1)$ by Stirling's series."""
    end = start + steps
    rest = (1 / end - 1 / start) / 12 - ((1 / end) ** 3 - (1 / start) ** 3) / 360
    return np.asarray((start - 0.5) * np.log1p(steps / start) + rest)


def entropy_terms(times: Values, drawn: int, draws: int) -> Values:
    r"""Return $-\mathrm E[\frac Ym \ln\frac Ym]$ in nats, Y of a kind's x draws being among m of all n."""
    times = np.minimum(times, draws)
    often = times * drawn / draws > _SMOOTH
    terms = np.zeros_like(times)
    terms[often] = _by_moments(times[often], drawn, draws)
    terms[~often] = _by_chances(times[~often], drawn, draws)
    return terms


def _by_moments(times: Values, drawn: int, draws: int) -> Values:
    """Return the terms of counts that are large, by their first four moments."""
    share = drawn / draws
    mean = times * share
    variance = np.maximum(mean * (1 - share) * (draws - times) / max(draws - 1, 1), 0.0)
    third = variance * (1 - 2 * share) * (draws - 2 * times) / max(draws - 2, 1)
    rest = variance / (2 * mean) - third / (6 * mean**2) + variance**2 / (4 * mean**3)
    return np.asarray(-(mean * np.log(mean / drawn) + rest) / drawn)


def _by_chances(times: Values, drawn: int, draws: int) -> Values:
    """Return the terms of counts that are small, by the chance of each count."""
    if not len(times):
        return times
    mean = times * drawn / draws
    width = _WIDTH * (np.sqrt(mean) + 1)
    first = np.ceil(np.maximum(np.maximum(mean - width, times + drawn - draws), 0.0))
    last = np.minimum(np.minimum(mean + width + 2, times), drawn)
    count = first[:, None] + np.arange(max(int((last - first).max()), 0) + 1)
    x, inside = times[:, None], count <= last[:, None]
    up = np.where(inside, (x - count) * (drawn - count), 1.0)
    down = (count + 1) * (draws - x - drawn + count + 1)
    with np.errstate(divide="ignore"):
        log = np.log(np.maximum(up, 0.0)) - np.log(np.where(inside, np.maximum(down, 1e-300), 1.0))
    log = np.cumsum(np.concatenate([np.zeros((len(times), 1)), log[:, :-1]], axis=1), axis=1)
    log = np.where(inside, log, -np.inf)
    chances = np.exp(log - log.max(axis=1, keepdims=True))
    shares = count / drawn
    terms = -(chances * special.xlogy(shares, shares)).sum(axis=1) / chances.sum(axis=1)
    return np.asarray(terms)
