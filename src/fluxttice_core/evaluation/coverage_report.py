"""The report of a model: measured here, or that of the shipped model as it was certified."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxttice_core.errors import CheckpointError, MeasurementError, SettingsError
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import read_result
from fluxttice_core.extras import require_extra
from fluxttice_core.metrics.settings import MeasurementSettings, settings_for, settings_from
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.storage.pretrained import certified

if TYPE_CHECKING:
    from fluxttice_core.evaluation.benchmark import ModelOrPath
    from fluxttice_core.spaces.target import Target

NOTE = (
    "As it was certified and signed with the shipped model; nothing was measured now. "
    "coverage_report(remeasure=True) measures it here."
)


def coverage_report(
    model: "ModelOrPath" = None,
    *,
    decoder: Any = None,
    latent_dim: int | None = None,
    space: str | ProductSpace | None = None,
    draws: Sequence[int] | None = None,
    repeats: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    settings: MeasurementSettings | None = None,
    progress: Callable[[str, float], None] | None = None,
    remeasure: bool = False,
    target: "Target | None" = None,
) -> "Report | Any":
    """Every figure of a trained model beside ceiling, floor and controls.

    Without a model or a setting, the report of the certified model as it was signed, which says so; it needs
    no torch. With either, or with `remeasure`, everything is measured here and now.

    A model of a space of more than 2^24 elements, of which p(x) cannot be known element by element, gets a
    `SampledReport`, from samples, which takes one number of draws.

    Args:
        model: A trained model, or the path of one; none: the certified model.
        decoder: Instead of a trained model, a decoder from elsewhere: a function or torch module that maps
            latents (n, latent_dim) to logits (n, cells, base); an object with `decode_logits` (and with
            `encode_gaussian`, if its codes are to be measured, too); or a tensor of logits, (cells, base) or
            (n, cells, base) for n outputs equally likely. Without an encoder all figures of codes are left
            out, and the report's limitations say so.
        latent_dim: Dimensions of the decoder's standard-normal prior, where it does not tell by an attribute
            of that name or its first linear layer.
        space: The decoder's space or its name, such as dna:6, where it does not tell by an attribute of that
            name or, of operations, by the shape of its logits.
        draws: Budgets at which distinct elements are counted.
        repeats: Repeats of every budget.
        seed: Seed of all draws.
        device: Where the model computes: cpu, cuda, or cuda:1 for the second of several.
        settings: Everything else that the measurement is made with; none: `settings_for` the space.
        progress: Called with what comes next and the share that is done.
        remeasure: Whether to measure the certified model, too.
        target: What the model should give, with which probabilities; none: all elements of its space alike.

    Returns:
        The report, which prints as a table (`rich.print`), as Markdown and as JSON.

    Raises:
        CheckpointError: If there is no trained model there, or its weights score as untrained ones do.
        OperationError: If no space is called so.
        MeasurementError: If the target is no model, or the decoder not what it must be.
        MissingExtra: If something is to be measured and torch is not installed.
        SettingsError: If a setting is out of bounds, or the device is not there.
        MeasurementError: If the target is of another space, or of a single element.
        LawViolation: If the figures break a law that every true table obeys.

    Example:
        >>> print(str(coverage_report())[:39])
        As it was certified and signed with the
        >>> import torch
        >>> even = coverage_report(decoder=lambda z: torch.zeros(len(z), 3, 3), latent_dim=2, draws=[100])
        >>> even
        <report: <lambda>; A efficiency 0.0379, G 0.0000; 3 of 5 gates missed, 2 not measured>
    """
    of_decoder = {"decoder": decoder, "latent_dim": latent_dim, "space": space}
    given = [name for name, value in of_decoder.items() if value is not None]
    if given and (decoder is None or model is not None):
        raise MeasurementError(
            f"{given[0]}= is of a decoder from elsewhere: give that as decoder=, and no model beside it",
            "contradictory",
        )
    settled = (model, decoder, draws, repeats, seed, device, settings, target)
    if not (remeasure or any(value is not None for value in settled)):
        return certified_report()
    require_extra("train", "measuring a model")
    from fluxttice_core.evaluation.bare_decoder import measured_decoder
    from fluxttice_core.evaluation.benchmark import measured, require_trained, sampled

    def chosen(own: ProductSpace) -> MeasurementSettings:
        found = (settings or settings_for(own)).with_only(draws=draws, repeats=repeats, seed=seed)
        return found if device is None else settings_from({**found.model_dump(), "device": device})

    by_samples = partial(sampled_draws, draws=draws, repeats=repeats, settings=settings)
    if decoder is not None:
        return measured_decoder(
            decoder,
            latent_dim=latent_dim,
            space=None if space is None else space_of(space),
            settings=chosen,
            device=chosen(OperationSpace()).device,
            progress=progress,
            target=target,
            sampled=by_samples,
        )
    trained = require_trained(model)
    if trained.space.size > ENUMERATION_LIMIT and target is None:
        one = by_samples(trained.space)
        return sampled(trained, draws=one, seed=seed or 0, device=device or "cpu", progress=progress)
    return measured(trained, chosen(trained.space), progress, target)


def sampled_draws(
    space: ProductSpace,
    draws: Sequence[int] | None,
    *,
    repeats: int | None = None,
    settings: MeasurementSettings | None = None,
    usual: int = 1_000_000,
) -> int:
    """The one number of draws of a report from samples, which has neither repeats nor other settings."""
    if repeats is not None or settings is not None or (draws is not None and len(set(draws)) != 1):
        raise SettingsError(
            f"{space.describe()} are measured from samples, by one number of draws without repeats or other "
            "settings: give one budget of draws, or none",
            "unsupported",
        )
    return usual if draws is None else draws[0]


def certified_report() -> Report:
    """The report of the shipped model as it was signed, with a note that says so.

    Raises:
        CheckpointError: If it is of other weights than those shipped.
        MeasurementError: If it is missing, damaged, incomplete or contradicts itself.
    """
    result = read_result(Path(str(resources.files("fluxttice_core") / "certified" / "report.json")))
    if result["model"]["tensor_sha256"] != certified().tensor_digest:
        raise CheckpointError(
            "the shipped report is of other weights than the shipped model: install the package again",
            "model_mismatch",
        )
    return replace(Report.from_plain(result), note=NOTE)
