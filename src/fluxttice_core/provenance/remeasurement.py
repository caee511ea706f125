"""Measure a certified folder's headline figures again, from its weights and with its report's draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from fluxttice_core.errors import FluxtticeError
from fluxttice_core.measurement.code_figures import parts_of
from fluxttice_core.measurement.information import generative_information
from fluxttice_core.measurement.mass import estimate_mass
from fluxttice_core.measurement.metric import Half
from fluxttice_core.measurement.posterior import distortion, encode_rows, rate
from fluxttice_core.measurement.protocol import Autoencoder
from fluxttice_core.measurement.reach_figures import reach_figures
from fluxttice_core.measurement.reconstruction import reconstruction_from_mean
from fluxttice_core.measurement.settings import MeasurementSettings, settings_from
from fluxttice_core.measurement.streams import stream
from fluxttice_core.operations.split import Split
from fluxttice_core.provenance.certificate import fixed_threads
from fluxttice_core.provenance.certified_files import MODEL
from fluxttice_core.provenance.result_file import check_result
from fluxttice_core.provenance.trained import TrainedModel, load
from fluxttice_core.provenance.verification import CertifiedFolder, Finding

__all__ = ["remeasure"]

_ROUNDING = 1e-5
"""Relative difference that other hardware may make in a figure that is exact."""


def remeasure(folder: Path) -> tuple[Finding, ...]:
    """Check the report against itself in full, and its headline figures against the weights.

    The draws are those of the report, so that the same weights give the same figures but for rounding.

    Args:
        folder: A certified folder.

    Returns:
        A finding on the report, and one on the figures of each half.
    """
    try:
        result = CertifiedFolder(folder).result
        check_result(result, name="report.json")
        trained = load(folder / MODEL)
        _require_same_weights(result, trained)
        settings = settings_from(result["settings"])
        _require_same_rows(result, trained.split)
    except FluxtticeError as error:
        return (Finding("consistency", "fails", str(error)),)
    consistent = Finding("consistency", "holds", "the report does not contradict itself")
    with fixed_threads():
        halves: tuple[tuple[Half, Autoencoder], ...] = (("a", trained.vae_a), ("b", trained.vae_b))
        found = [_of_half(model, half, settings, trained.split, result) for half, model in halves]
    return (consistent, *found)


def _require_same_weights(result: Mapping[str, Any], trained: TrainedModel) -> None:
    if result["model"]["tensor_sha256"] != trained.tensor_digest:
        raise FluxtticeError(f"{MODEL} holds other weights than the report measured")


def _require_same_rows(result: Mapping[str, Any], split: Split | None) -> None:
    recorded = result["data"]["split"]
    if (None if split is None else split.digest) != (None if recorded is None else recorded["sha256"]):
        raise FluxtticeError("the report measures other held-out rows than those that the model records")


def _of_half(
    model: Autoencoder,
    half: Half,
    settings: MeasurementSettings,
    split: Split | None,
    result: Mapping[str, Any],
) -> Finding:
    records = {m["quantity"]: m for m in result["metrics"] if m["half"] == half}
    subject = f"half {half.upper()}"
    shown: list[str] = []
    for quantity, value in _figures(model, half, settings, split):
        record = records.get(quantity)
        if record is None:
            return Finding(subject, "fails", f"report.json lacks {quantity}")
        if not _within(value, record):
            detail = f"{quantity} is {value:.6g} from the weights, and {record['value']} in report.json"
            return Finding(subject, "fails", detail)
        shown.append(quantity)
    return Finding(subject, "holds", f"measured again within their intervals: {', '.join(shown)}")


def _figures(
    model: Autoencoder, half: Half, settings: MeasurementSettings, split: Split | None
) -> Iterator[tuple[str, float]]:
    """The headline figures: do codes know their operations, and does the prior reach them evenly."""
    part, rows = list(parts_of(model.space, split).items())[-1]
    yield f"table_accuracy/mean/{part}", reconstruction_from_mean(model, rows).table_accuracy
    posteriors = encode_rows(model, device=torch.device("cpu"))
    yield "rate", rate(posteriors).total
    noise = stream(settings.seed, half, "distortion")
    yield "distortion", distortion(model, posteriors, draws=settings.posterior_repeats, generator=noise).value
    headline = settings.headline
    wanted = (f"coverage/argmax/{headline}", f"efficiency/argmax/{headline}")
    for figure in reach_figures(model, half, _up_to(settings, headline)):
        if figure.quantity in wanted:
            yield figure.quantity, figure.value
    mass = estimate_mass(model, settings.mass_draws, generator=stream(settings.seed, half, "mass"))
    yield "generative_information", generative_information(mass).value


def _up_to(settings: MeasurementSettings, budget: int) -> MeasurementSettings:
    """The settings without what comes after the draws of a budget; the draws up to it stay the same."""
    draws: Sequence[int] = [n for n in settings.draws if n <= budget]
    return settings.model_copy(update={"draws": tuple(draws), "rules": ("argmax",), "device": "cpu"})


def _within(value: float, record: Mapping[str, Any]) -> bool:
    interval, stated = record["interval"], float(record["value"])
    slack = _ROUNDING * max(abs(stated), abs(value)) if record["unit"] != "fraction" else 0.0
    if interval is None:
        return abs(value - stated) <= slack
    return float(interval["lower"]) - slack <= value <= float(interval["upper"]) + slack
