"""The figure of richness shows what the estimators say."""

import numpy as np
import pytest

from docs.figures_richness import richness_figure
from fluxttice_core.spaces.operation_space import OperationSpace

SPACE = OperationSpace()


def test_chao1_finds_the_kinds_of_each_generator_and_the_mass_does_not() -> None:
    kinds, mass = richness_figure(SPACE).axes
    shown = {line.get_label(): np.asarray(line.get_ydata()) for line in kinds.get_lines()}
    assert shown["Chao1, whole space"][-1] == pytest.approx(SPACE.size, rel=0.01)
    assert shown["Chao1, half of it"][-1] == pytest.approx(SPACE.size / 2, rel=0.01)
    assert (shown["seen, whole space"] <= SPACE.size).all()
    whole, half = (np.asarray(line.get_ydata()) for line in mass.get_lines())
    assert (half >= whole).all()
