"""What a result says beside its figures: its title, how it drew, and coverage with the rules side by side."""

from collections.abc import Iterable, Mapping
from typing import Any

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.settings import DECODE_RULES, MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_record

VERSION_OF_OPERATIONS, VERSION_OF_WORDS = 2, 3
"""Of the schema: what is of operations stays readable for programs that know no other spaces."""


def version_of(space: ProductSpace, *, has_target: bool = False) -> int:
    """The schema version of a result, the lowest that has its space and its target."""
    plain = isinstance(space, OperationSpace) and not has_target
    return VERSION_OF_OPERATIONS if plain else VERSION_OF_WORDS


def size_name(space: ProductSpace) -> str:
    """What a result calls the number of elements."""
    return "operations" if isinstance(space, OperationSpace) else "elements"


def space_facts(space: ProductSpace) -> dict[str, Any]:
    """A space as a result has it: operations by base and arity, words by name and alphabets."""
    words = {} if isinstance(space, OperationSpace) else {"alphabets": list(space.alphabets)}
    return {**space_record(space), **words, size_name(space): space.size, "digest": space.digest()}


def title_of_run(name: str, epoch: int, seed: int | None) -> str:
    """What a report of a model is headed with."""
    return f"{name}, epoch {epoch}" + ("" if seed is None else f", seed {seed}")


def sampler_of(settings: MeasurementSettings) -> dict[str, Any]:
    """How prior draws were made, as a result file has it, but for the dimensions of the codes."""
    return {
        "prior": "standard normal",
        "rules": list(settings.rules),
        "draws": list(settings.draws),
        "repeats": [settings.repeats_of(n) for n in settings.draws],
        "seed": settings.seed,
        "dtype": "float32",
        "device": settings.device,
    }


def coverage_rows(
    metrics: Iterable[Mapping[str, Any]], halves: Iterable[str], settings: MeasurementSettings
) -> list[dict[str, Any]]:
    """Sampled coverage at every budget, the decode rules side by side, as a result file has it."""
    known = {(metric["quantity"], metric["half"]): metric for metric in metrics}
    rows = []
    for half in halves:
        for n in settings.draws:
            found = {rule: known.get((f"coverage/{rule}/{n}", half)) for rule in settings.rules}
            argmax = found["argmax"]
            if argmax is None or None in found.values():
                raise MeasurementError(
                    f"coverage of half {half} at {n:,} draws is missing: measure it again",
                    "incomplete_report",
                )
            values: dict[str, Any] = dict.fromkeys(DECODE_RULES)
            values |= {rule: record["value"] for rule, record in found.items() if record is not None}
            ends = {name: argmax[name] for name in ("ceiling", "ceiling_sd")}
            rows.append({"half": half, "draws": n, **ends, **values})
    return rows
