"""The settings of a recipe, each within its own bounds."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.training.schedules import Constant, Schedule, within

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=1e3, allow_inf_nan=False)]
WeightSchedule = Annotated[Schedule, within(0.0, 1e3)]
ShareSchedule = Annotated[Schedule, within(0.0, 1.0)]


def _lower_first(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError("the lower end must come first")
    return pair


Shares = Annotated[tuple[Share, Share], AfterValidator(_lower_first)]
Weights = Annotated[tuple[Weight, Weight], AfterValidator(_lower_first)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OptimizerSettings(_Settings):
    """AdamW.

    Attributes:
        rate: Learning rate over the epochs.
        weight_decay: Decoupled decay of every parameter.
        clip_norm: Largest norm of the gradient of both halves together; none: no limit.
        first_moment: Decay of the running mean of gradients.
        second_moment: Decay of the running mean of squared gradients.
    """

    rate: ShareSchedule
    weight_decay: Weight = 1e-4
    clip_norm: Annotated[float, Field(gt=0, le=1e6)] | None = 1.0
    first_moment: Annotated[float, Field(ge=0, lt=1)] = 0.9
    second_moment: Annotated[float, Field(gt=0, lt=1)] = 0.999


class HalfSettings(_Settings):
    """The objective of one half.

    Attributes:
        beta: Weight of the rate.
        temperature: Factor on the posterior's standard deviation while training.
        free_bits: Floor under every dimension's rate, nats.
        output_entropy: Weight of the entropy of the batch-mean output, which is rewarded.
        repulsion: Weight of the closeness of the batch's latents, which is punished.
        repulsion_scale: The length at which latents count as close.
    """

    beta: WeightSchedule
    temperature: WeightSchedule = Constant(value=1.0)
    free_bits: Weight = 0.0
    output_entropy: Weight = 0.0
    repulsion: Weight = 0.0
    repulsion_scale: Annotated[float, Field(gt=0, le=100)] = 0.5


class BalanceSettings(_Settings):
    """The adaptive weights of the two halves' losses, driven by gradient norms and by coverage.

    Attributes:
        start: Both weights at the beginning.
        bounds: Where the weights live.
        band: Gradient ratios B/A within which the halves count as balanced.
        momenta: Momentum of the running gradient norms while unbalanced, and while balanced.
        step: What a weight moves by in an unbalanced epoch.
        coverage_band: Ratios of distinct operations B/A within which nothing is moved.
        coverage_factor: What the weight of the half that lags is multiplied by when balanced.
        scale_bounds: Where the factors s, the ratios of the running gradient norms, live.
    """

    start: Share = 0.7
    bounds: Shares = (0.5, 0.95)
    band: Weights = (0.8, 1.2)
    momenta: tuple[Share, Share] = (0.5, 0.95)
    step: Share = 0.02
    coverage_band: Weights = (0.67, 1.5)
    coverage_factor: Annotated[float, Field(ge=1, le=2)] = 1.05
    scale_bounds: Weights = (0.5, 2.0)


class ControllerSettings(_Settings):
    """StateNet's influence: now and then it moves the rate, the weights and the alignment a little.

    Attributes:
        rate_gain: Largest relative change of the learning rate.
        weight_gain: Largest change of the halves' weights and of the alignment.
        rate_bounds: Where the corrected rate lives.
        alignment_bounds: Where the corrected alignment lives.
        every: Steps from one consultation to the next, counted anew in every epoch; none: once an epoch.
        learning_rate: Rate at which StateNet learns from what its corrections did to validation rows;
            0: never, as in the original system.
    """

    rate_gain: Share = 0.05
    weight_gain: Share = 0.01
    rate_bounds: Shares = (1e-6, 0.01)
    alignment_bounds: Weights = (0.15, 0.75)
    every: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    learning_rate: Share = 0.0


class AmortisationSettings(_Settings):
    """The last descent of a run: encoders alone, towards the posteriors that are best for their decoders.

    Attributes:
        epochs: Passes over the training rows.
        batch_size: Rows a step.
        rate: Learning rate over these epochs.
        price: What a nat of distortion costs in nats of rate.
    """

    epochs: Annotated[int, Field(ge=1, le=100_000)]
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    rate: ShareSchedule
    price: Annotated[float, Field(gt=0, le=1e6)] = 30.0


class TransportSettings(_Settings):
    """The term that teaches the decoders where the prior's mass must go.

    Attributes:
        weight: Weight of the term.
        draws: Prior draws a step.
        focus: Share of the draws' coordinates that is moved next to a threshold.
        focus_width: Standard deviation around the threshold.
        start: Epoch from which it acts; until then the encoders find their axes.
        assignment_rows: Training rows from which each entry's latent is read off the encoders at the start.
        amortisation: Last descent of the encoders, after calibration; none: it is left out.
    """

    weight: WeightSchedule = Constant(value=1.0)
    draws: Annotated[Schedule, within(0.0, 1e6)] = Constant(value=256)
    focus: Share = 0.3
    focus_width: Annotated[float, Field(ge=0, le=10)] = 0.15
    start: Annotated[float, Field(ge=0, le=1e5)] = 0.0
    assignment_rows: Annotated[int, Field(ge=2, le=1_000_000)] = 4_096
    amortisation: Annotated[
        AmortisationSettings | None, Field(exclude_if=lambda settings: settings is None)
    ] = None


DECODED_AT_ONCE = 65_536
"""Draws of a calibration that are decoded at once."""


class CalibrationSettings(_Settings):
    """The last step of a run, on the decoders' last layers, under the prior.

    Attributes:
        draws: Prior draws that the calibration looks at.
        sweeps: Passes over the symbols of every entry that make its argmax uniform, under draws that are
            stratified; 0: no shift.
        conditional_entropy: Nats to which H(x|z) is brought down by a common factor on weights and biases,
            which leaves every argmax where it is; none: no factor.
    """

    draws: Annotated[int, Field(ge=1_000, le=10_000_000)] = 200_000
    sweeps: Annotated[int, Field(ge=0, le=1_000)] = 20
    conditional_entropy: Annotated[float, Field(gt=0, le=1e3)] | None = None


class ReachSettings(_Settings):
    """How the reach of the prior is watched while training.

    Attributes:
        draws: Prior draws a half.
        rule: Decode rule.
        every: Epochs from one look to the next.
    """

    draws: Annotated[int, Field(ge=1, le=10_000_000)] = 50_000
    rule: Literal["argmax", "categorical", "expectation"] = "argmax"
    every: Annotated[int, Field(ge=1, le=100_000)] = 1


class RecipeFields(_Settings):
    """Every setting of a training run, each within its own bounds.

    Attributes:
        name: What the recipe is called.
        architecture: Sizes of the network.
        split_seed: Seed of the train / validation / held-out split.
        epochs: Passes over the training rows.
        batch_size: Rows a step.
        patience: Epochs without a better validation loss after which the run stops; none: never.
        schedule_by: Whether schedules are read once an epoch or at every step.
        initialisation: How the fresh weights are drawn.
        optimizer: AdamW's settings.
        rho: Cross-injection.
        half_a: Objective of the exploratory half.
        half_b: Objective of the consolidating half.
        alignment: Weight of the gap between the halves' latent histogram entropies.
        balance: Adaptive weights; none: both halves weigh 1.
        controller: StateNet's influence; none: it is left out.
        transport: Training of the decoders on prior draws; none: it is left out.
        calibration: Last step of the run; none: no calibration.
        reach: How coverage is watched.
        checkpoint_every: Epochs from one checkpoint to the next; the last epoch always has one.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    architecture: Architecture = Architecture()
    split_seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    epochs: Annotated[int, Field(ge=1, le=100_000)]
    batch_size: Annotated[int, Field(ge=1, le=65_536)]
    patience: Annotated[int, Field(ge=1)] | None = None
    schedule_by: Literal["epoch", "step"]
    initialisation: Scheme = "independent"
    optimizer: OptimizerSettings
    rho: ShareSchedule = Constant(value=0.0)
    half_a: HalfSettings
    half_b: HalfSettings
    alignment: WeightSchedule = Constant(value=0.0)
    balance: BalanceSettings | None = None
    controller: ControllerSettings | None = None
    transport: TransportSettings | None = None
    calibration: CalibrationSettings | None = None
    reach: ReachSettings = ReachSettings()
    checkpoint_every: Annotated[int, Field(ge=1, le=100_000)] = 1
