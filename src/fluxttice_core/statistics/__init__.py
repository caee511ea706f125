"""Estimators, tests and intervals on counts: what draws say of the distribution behind them.

It knows neither models nor spaces, only numbers and how often each kind was seen; NumPy and SciPy alone.
Start with `expected_coverage` for what a uniform sampler would reach, and `clopper_pearson` for the interval
of a share.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
