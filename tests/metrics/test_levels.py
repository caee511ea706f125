"""Every interval says its level and its method."""

import numpy as np

from fluxttice_core.metrics.metric import FigureMaker
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import clopper_pearson, coverage_interval
from fluxttice_core.statistics.richness import chao1_interval, missing_mass_interval


def test_intervals_name_the_level_that_they_were_asked_for_and_their_method() -> None:
    found = clopper_pearson(3, 10, 0.9)
    assert (found.level, found.method) == (0.9, "Clopper-Pearson")
    shares = coverage_interval(np.array([5, 6, 7]), 10, 0.9)
    assert shares.level == 0.9
    assert "draws" in shares.method or "Student" in shares.method


def test_an_infinite_figure_has_an_interval_of_the_usual_level() -> None:
    endless = Estimate(float("inf"), 0.0, 3.0)
    figure = FigureMaker("a", 27, MeasurementSettings())("nll", endless)
    assert figure.interval is not None
    assert (figure.interval.level, figure.interval.method) == (0.95, "infinite")


def test_intervals_of_richness_name_their_authors_and_level() -> None:
    for counts in (np.array([1, 1, 2, 3]), np.array([4, 4])):
        found = chao1_interval(counts, 0.9)
        assert (found.level, found.method) == (0.9, "Chao1")
        missing = missing_mass_interval(counts, 0.9)
        assert (missing.level, missing.method) == (0.9, "Esty")
