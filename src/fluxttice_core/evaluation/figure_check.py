"""What a report says of every figure beside its value, held against what its name and its settings settle."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.caveats import DESCRIPTIONS, limitations_of, stray_number, warnings_of
from fluxttice_core.metrics.naming import Scale, entry_of, scale_of
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.space_name import recorded_space
from fluxttice_core.spaces.target import Target

_ROUNDING = 1e-9


def wrong_scales(
    result: Mapping[str, Any], settings: MeasurementSettings, target: Target | None = None
) -> Iterator[str]:
    """A sentence for each figure whose name, unit, direction, ceiling, draws, rule or seed is not its own."""
    of_half = {half: int(number) for half, number in result["sampler"]["dimensions"].items()}
    size = recorded_space(result["space"]).size
    dimensions = {**of_half, "pair": of_half["a"] + of_half["b"]}
    for metric in result["metrics"]:
        quantity, latents = metric["quantity"], dimensions[metric["half"]]
        try:
            due = scale_of(quantity, size=size, dimensions=latents, settings=settings, target=target)
        except MeasurementError as error:
            yield str(error)
            continue
        if entry_of(quantity).since > result["metric_set"]:
            yield f"{quantity} is in no report of metric set {result['metric_set']}"
        for what, (stated, expected) in _compared(metric, due, settings.seed).items():
            if not _same(stated, expected):
                yield f"the {what} of {quantity} is {expected}, and not {stated}"


def wrong_sentences(result: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with sentences, whose wording is free: warnings left out, or a stray number."""
    space, split = recorded_space(result["space"]), result["data"]["split"]
    found = ((metric["quantity"], _blind_to(metric)) for metric in result["metrics"])
    due = warnings_of(found, space.nouns)
    if bool(due) != bool(result["warnings"]):
        yield f"it has {len(result['warnings'])} warnings, and its metrics give {len(due)}"
    limits = limitations_of(space, None if split is None else int(split["held_out"]))
    descriptions = [control["description"] for control in result["controls"]]
    stated = (*result["warnings"], *result["limitations"], *descriptions)
    stray = stray_number(stated, (*due, *limits, *DESCRIPTIONS.values()))
    if stray is not None:
        yield f"a sentence in it states the number {stray}, which is in no wording of its sentences"


def _blind_to(metric: Mapping[str, Any]) -> list[Any]:
    beside = metric["control_comparisons"]
    return [one["control"] for one in beside if one["control"] != "oracle" and not one["separates"]]


def _compared(metric: Mapping[str, Any], due: Scale, seed: int) -> dict[str, tuple[object, object]]:
    """What stands beside the value, and what must."""
    found: dict[str, tuple[object, object]] = {
        "name": (metric["name"], _name(metric["quantity"], due.draws)),
        "unit": (metric["unit"], due.unit),
        "direction": (metric["direction"], due.direction),
        "ceiling": (metric["ceiling"], due.ceiling),
        "estimator": (metric["estimator"], "exact" if due.draws is None else "monte_carlo"),
        "number of draws": (metric["draws"], due.draws),
        "decode rule": (metric["rule"], due.rule),
        "seed": (metric["seed"], None if due.draws is None else seed),
    }
    if not metric["quantity"].startswith(("equivalent_uniform_budget/", "equivalent_target_budget/")):
        # There, it depends on the coverage that was found.
        found["standard deviation of the ceiling"] = (metric["ceiling_sd"], due.ceiling_sd)
    return found


def _name(quantity: str, draws: int | None) -> str:
    return quantity if draws is None or quantity.endswith(f"/{draws}") else f"{quantity}/{draws}"


def _same(stated: object, due: object) -> bool:
    if isinstance(stated, int | float) and isinstance(due, int | float):
        return stated == due or math.isclose(stated, due, rel_tol=_ROUNDING)
    return stated == due
