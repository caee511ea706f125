"""Work out the paper's numbers that no measurement gives: `python -m paper.facts`.

Ceilings, published claims audited, frontiers, and contrasts of the ablations with their intervals: each is
an exact function of the space, of a claim or of result files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.build import ABLATIONS, ablation
from fluxttice_core.audit.stated_claims import Claims, audit_claims
from fluxttice_core.audit.verdicts import SIGNIFICANCE, Finding
from fluxttice_core.experiments.ablation import Ablation, Effect, part_effects, verdict
from fluxttice_core.experiments.study import values
from fluxttice_core.metrics.rate_distortion import PRICE, gaussian_frontier
from fluxttice_core.metrics.reach_frontier import reach_frontier
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from fluxttice_core.statistics.coverage import ceiling
from fluxttice_core.statistics.multiplicity import FAMILY_ERROR
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.environment import timestamp, tool_record

RESULT = Path(__file__).parent.parent / "docs" / "results" / "paper.json"
SPACE = OperationSpace()
ROUNDED = 12
"""Digits that are kept of each number, so that processors do not differ in the file."""

OF_THE_PROGRAM = (
    Claims(draws=("10000",), distinct=("82%",)),
    Claims(draws=("50000", "100000", "195000"), distinct=("87.37%", "95%", "99.624%")),
    Claims(distinct=("97.64%",), against_distinct="97.67%", jaccard_distance=".89...91"),
    Claims(sequence="99.2%,100%,100%,97.64%"),
    Claims(entropy="4.0", bins="50"),
    Claims(wrong_trits="2926,6776,6596", share="67.9%"),
    Claims(kl=".3..1.0", free_bits=".5", dimensions="16"),
)
"""What was printed of the program that this work began with."""

OF_GDB_13 = (Claims(draws=("2e9",), distinct=("68.9%",)), 975_820_226)
"""What Arus-Pous and others (2019) printed of a network that was trained on a part of GDB-13."""


def worst(claims: Claims, size: int) -> Finding:
    """The finding that decides about a claim: the first that is impossible, else the last."""
    found = audit_claims(claims, size)
    return next((each for each in found if each.verdict.value == "impossible"), found[-1])


def audited(claims: Claims, size: int) -> dict[str, Any]:
    found = worst(claims, size)
    return {
        "claim": found.claim,
        "verdict": found.verdict.value,
        "lower": found.lower,
        "upper": found.upper,
        "detail": found.sentence,
    }


def effect_of(effect: Effect) -> dict[str, Any]:
    interval = effect.interval
    return {"mean": interval.estimate, "half": (interval.upper - interval.lower) / 2, "sign": effect.sign}


def contrasts(study: Ablation) -> Iterator[dict[str, Any]]:
    """With each part minus without it, paired by seed, all judged together."""
    for found in part_effects(study):
        signs = (effect.sign for effect, _ in found.effects.values())
        yield {
            "part": found.part.replace("_", " "),
            "half": found.half,
            "verdict": "the same run" if found.same_recipe else verdict(signs),
            "effects": {name.split("/")[0]: effect_of(effect) for name, (effect, _) in found.effects.items()},
        }


def ablated(name: str) -> dict[str, Any]:
    """An ablation's contrasts, the means of the recipe itself, and how far StateNet's weights went."""
    study = ablation(name)
    base = list(study.found(study.settings.recipe).values())
    quantities = [figure.quantity for figure in base[0].figures if figure.half == "a"]
    means = {
        quantity.split("/")[0]: {half: float(values(base, half, quantity).mean()) for half in ("a", "b")}
        for quantity in quantities
    }
    rows = list(contrasts(study))
    judged = sum(len(row["effects"]) for row in rows if row["verdict"] != "the same run")
    moved = [run.statenet_moved for run in study.runs if run.statenet_moved > 0]
    return {
        "seeds": len(base),
        "runs": len(study.runs),
        "means": means,
        "contrasts": rows,
        "intervals": judged,
        "moved": [min(moved), max(moved)] if moved else [],
    }


def facts() -> dict[str, Any]:
    """Every number, as it should be."""
    parts = split(SPACE)
    budgets = [(draws, ceiling(SPACE.size, draws)) for draws in MeasurementSettings().draws]
    claims, size = OF_GDB_13
    return {
        "space": {
            "elements": SPACE.size,
            "entropy": SPACE.log_size,
            "cells": SPACE.cells,
            "symbols": SPACE.base,
            "train": len(parts.train),
            "held_out": len(parts.held_out),
            "sides": [SPACE.base ** (SPACE.cells // 2), SPACE.base ** (SPACE.cells - SPACE.cells // 2)],
        },
        "budgets": [{"draws": draws, "share": best.fraction, "sd": best.sd} for draws, best in budgets],
        "published": [audited(each, SPACE.size) for each in OF_THE_PROGRAM],
        "gdb": {**audited(claims, size), "elements": size, "draws": 2e9, "share": 0.689},
        "significance_runs": round(1 / SIGNIFICANCE),
        "family_error": FAMILY_ERROR,
        "frontier": {
            "price": PRICE,
            "least": gaussian_frontier().least_cost(),
            "with_reach": reach_frontier().least_cost(),
        },
        "ablations": {name: ablated(name) for name in ABLATIONS},
    }


def rounded(value: Any) -> Any:
    """The same with every number cut to so many digits that processors agree about them."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.{ROUNDED}g}") if isinstance(value, float) else value


def main() -> None:
    head = {"command": "python -m paper.facts", "tool": tool_record(), "time": timestamp()}
    write_json(RESULT, {**head, **rounded(facts())})


if __name__ == "__main__":
    main()
