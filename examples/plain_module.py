"""Measure a plain PyTorch module: a space, a number of latents and `decode_logits` are all it needs."""

import rich
from torch import Tensor, nn

from fluxttice_core.evaluation.measure import measure
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace


class Plain(nn.Linear):
    space, latent_dim = OperationSpace(arity=1), 3

    def decode_logits(self, z: Tensor) -> Tensor:
        return self(z).unflatten(-1, (3, 3))


settings = MeasurementSettings(draws=(100, 1_000), repeats=5, mass_draws=2**12, control_mass_draws=2**12)
rich.print(measure({"a": Plain(3, 9)}, untrained=lambda _: {"a": Plain(3, 9)}, settings=settings).table())
