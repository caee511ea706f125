"""Settings under which a model of 27 operations is trained and measured in a moment, the same in all tests.

Where several files measure one model with the same settings, its controls are measured once a session.
"""

from fluxttice_core.metrics.settings import MeasurementSettings

MEASUREMENT = MeasurementSettings(
    draws=(50, 200),
    repeats=3,
    long_repeats=3,
    rules=("argmax", "categorical"),
    mass_draws=2048,
    posterior_repeats=3,
    aggregate_draws=32,
    control_repeats=2,
    control_mass_draws=1024,
    control_aggregate_draws=16,
)

HEADLINE = MeasurementSettings(
    draws=(200,), repeats=2, rules=("argmax",), mass_draws=1024, posterior_repeats=2, aggregate_draws=16
)
"""For what measures the headline figures alone."""

RECIPE = (
    *("architecture.arity=1", "architecture.latent_dim=4", "architecture.encoder_widths=[8, 6]"),
    *("architecture.consolidating_width=8", "epochs=2", "batch_size=8", "transport.draws.value=16"),
    *("calibration.draws=1000", "reach.draws=100", "transport.amortisation.epochs=5"),
)
"""Overrides of the standard recipe."""

RUN = (
    *("architecture.arity=1", "epochs=6", "checkpoint_every=1", "reach.draws=100"),
    *("calibration.draws=1000", "transport.amortisation.epochs=5"),
)
"""Overrides of the standard recipe for a run with a checkpoint after each of its epochs."""
