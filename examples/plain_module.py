"""Measure a plain PyTorch module: a map of latents to logits is all it needs."""

import rich
from torch import nn

import fluxttice_core as fx

plain = nn.Sequential(nn.Linear(3, 9), nn.Unflatten(1, (3, 3)))
settings = fx.metrics.MeasurementSettings(
    draws=(100, 1_000), repeats=5, mass_draws=2**12, control_mass_draws=2**12
)
rich.print(fx.coverage_report(decoder=plain, settings=settings).table())
