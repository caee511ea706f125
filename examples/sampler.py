"""Measure a sampler in scikit-learn's manner, of which nothing is known but what `sample` returns."""

from numpy import int64
from numpy.random import default_rng
from numpy.typing import NDArray

from fluxttice_core.audit.counted import count_values
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.sample_report import report_samples
from fluxttice_core.spaces.operation_space import OperationSpace


class Skewed:
    def sample(self, n_samples: int) -> tuple[NDArray[int64], None]:
        return default_rng(0).choice([-1, 0, 1], (n_samples, 9), p=[0.2, 0.3, 0.5]), None


tables, _ = Skewed().sample(50_000)
found = report_samples(count_values(tables, Reading(space=OperationSpace())))
print(f"{found.distinct} distinct, efficiency {found.efficiency:.3f}: {found.finding.verdict.value}")
