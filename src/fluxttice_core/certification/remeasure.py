"""Measure a certified folder's headline figures again, from its weights and with its report's draws."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from fluxttice_core.certification.folder_names import MODEL, REPORT
from fluxttice_core.certification.model_card import headline_of
from fluxttice_core.certification.remeasurement_cost import require_repeatable
from fluxttice_core.certification.report_check import require_complete
from fluxttice_core.certification.verify import CertifiedFolder, Finding
from fluxttice_core.errors import FluxtticeError
from fluxttice_core.evaluation.result_file import check_result
from fluxttice_core.metrics.codes import figures_of_part, parts_of, rate_figures
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.distribution import figures_of_mass
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.metric import Figure, Series
from fluxttice_core.metrics.posterior import encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.reconstruction import undecided
from fluxttice_core.metrics.settings import Half, MeasurementSettings, settings_from
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.split import Split
from fluxttice_core.storage.pretrained import TrainedModel, load

_ROUNDING = 1e-5
"""Relative difference that other hardware may make in a figure that is exact."""

_LAST_DIGITS = 1e-12
"""Difference that rounding alone makes in a share: less than one operation of any space."""

_MOST_UNDECIDED = 1e-3
"""Share of tables, or a single one, beyond which accuracies say nothing that another machine could repeat."""
_TOO_MANY_UNDECIDED = (
    "rounding alone decides {:.2%} of its tables, so that no accuracy of it can be measured again: certify "
    "weights that tell their symbols apart"
)

_OF_WIDTH = 0.5
"""Part of its half-width by which other hardware may move the end of an interval."""


def remeasure(folder: Path) -> tuple[Finding, ...]:
    """Check the report against itself in full, and its headline figures against the weights.

    The draws are those of the report, so that the same weights give the same figures but for rounding.

    Args:
        folder: A certified folder.

    Returns:
        Findings on the report, on the figures of each half, and on those that were not measured again.
    """
    try:
        result = CertifiedFolder(folder).result
        require_complete(result)
        check_result(result, name=REPORT)
        trained = load(folder / MODEL)
        _require_same_model(result, trained)
    except FluxtticeError as error:
        return (Finding("consistency", "fails", str(error)),)
    consistent = Finding("consistency", "holds", "the report does not contradict itself")
    settings = settings_from(result["settings"]).model_copy(update={"device": "cpu"})
    try:
        require_repeatable(settings, operations=trained.space.size, parameters=trained.parameters)
    except FluxtticeError as error:
        return (consistent, *(Finding(f"half {half}", "fails", str(error)) for half in "AB"))
    return (consistent, *_measured_again(trained, settings, result))


def _require_same_model(result: Mapping[str, Any], trained: TrainedModel) -> None:
    if result["model"]["tensor_sha256"] != trained.tensor_digest:
        raise FluxtticeError(f"{MODEL} holds other weights than the report measured", "model_mismatch")
    split, recorded = trained.split, result["data"]["split"]
    if (None if split is None else split.digest) != (None if recorded is None else recorded["sha256"]):
        raise FluxtticeError(
            "the report measures other held-out rows than those that the model records", "model_mismatch"
        )


def _measured_again(
    trained: TrainedModel, settings: MeasurementSettings, result: Mapping[str, Any]
) -> Iterator[Finding]:
    headline = headline_of(result)
    halves: tuple[tuple[Half, Autoencoder], ...] = (("a", trained.vae_a), ("b", trained.vae_b))
    measured: set[str] = set()
    with fixed_threads():
        for half, model in halves:
            figures = [
                figure
                for figure in _figures(model, half, settings, trained.split)
                if isinstance(figure, Figure) and figure.quantity in headline
            ]
            measured |= {figure.quantity for figure in figures}
            moved = _undecided(model, trained.split)
            one = 1 / len(_last_part(model, trained.split))
            if moved["table_accuracy"] > max(_MOST_UNDECIDED, one):
                yield Finding(
                    f"half {half.upper()}", "fails", _TOO_MANY_UNDECIDED.format(moved["table_accuracy"])
                )
            else:
                yield _compared(figures, half, result, moved)
    left_out = ", ".join(quantity for quantity in headline if quantity not in measured)
    if left_out:
        said = f"headline figures that were not measured again: {left_out}"
        yield Finding("other figures", "not checked", said)


def _figures(
    model: Autoencoder, half: Half, settings: MeasurementSettings, split: Split | None
) -> Iterator[Figure | Series]:
    """What is soon measured: do codes know their operations, and does the prior reach them evenly."""
    part, rows = list(parts_of(model.space, split).items())[-1]
    yield from figures_of_part(model, half, settings, part, rows)
    posteriors = encode_rows(model, device=torch.device("cpu"))
    yield from rate_figures(model, posteriors, half, settings)
    yield from coverage_figures(model, half, _up_to(settings, settings.headline))
    mass = estimate_mass(
        model, settings.mass_draws, generator=measurement_stream(settings.seed, half, "mass")
    )
    yield from figures_of_mass(mass, half, settings, split)


def _undecided(model: Autoencoder, split: Split | None) -> dict[str, float]:
    """By how much other hardware may move an accuracy that is exact, by the first part of its name."""
    tables, cells = undecided(model, _last_part(model, split))
    return {"table_accuracy": tables, "trit_accuracy": cells}


def _last_part(model: Autoencoder, split: Split | None) -> Int64[Tensor, "n"]:
    return list(parts_of(model.space, split).values())[-1]


def _up_to(settings: MeasurementSettings, budget: int) -> MeasurementSettings:
    """The settings without what comes after the draws of a budget; the draws up to it stay the same."""
    draws = tuple(n for n in settings.draws if n <= budget)
    return settings.model_copy(update={"draws": draws, "rules": ("argmax",)})


def _compared(
    figures: Collection[Figure], half: Half, result: Mapping[str, Any], undecided: Mapping[str, float]
) -> Finding:
    records = {m["quantity"]: m for m in result["metrics"] if m["half"] == half}
    subject = f"half {half.upper()}"
    for figure in figures:
        moved = undecided.get(figure.quantity.partition("/")[0], 0.0)
        difference = _difference(figure, records[figure.quantity], moved)
        if difference is not None:
            return Finding(subject, "fails", difference)
    names = ", ".join(figure.quantity for figure in figures)
    return Finding(subject, "holds", f"measured again, with their intervals: {names}")


def _difference(again: Figure, record: Mapping[str, Any], moved: float) -> str | None:
    """How a recorded figure differs from what the weights show, by the interval that they show."""
    stated = float(record["value"])
    if again.interval is None or math.isinf(again.value):
        slack = _ROUNDING * max(abs(stated), abs(again.value))
        if again.unit == "fraction":
            slack = moved + _LAST_DIGITS
        if again.value == stated or abs(again.value - stated) <= slack:
            return None
        return f"{again.quantity} is {again.value:.6g} from the weights, and {stated:.6g} in {REPORT}"
    half_width = (again.interval.upper - again.interval.lower) / 2
    slack = _ROUNDING * max(abs(again.value), half_width)
    if not again.interval.lower - slack <= stated <= again.interval.upper + slack:
        return f"{again.quantity} is {again.value:.6g} from the weights, and {stated:.6g} in {REPORT}"
    ends = ((record["interval"]["lower"], again.low), (record["interval"]["upper"], again.high))
    if any(not abs(float(here) - there) <= _OF_WIDTH * half_width + slack for here, there in ends):
        return (
            f"the interval of {again.quantity} is {again.interval} from the weights, and another in {REPORT}"
        )
    return None
