"""What the command `audit` is told of files of samples, and the counting of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fluxttice_core.cli.option_groups import option
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fluxttice_core.audit.counted import Counted
    from fluxttice_core.spaces.operation_space import OperationSpace

SAMPLES = "Samples and counts"
Texts = list[str] | None


@dataclass(frozen=True)
class SampleOptions:
    """What the command is told of files."""

    samples: Annotated[Texts, option(SAMPLES, "Draws: files, patterns or folders; - for standard input.")] = (
        None
    )
    counts: Annotated[Texts, option(SAMPLES, "Kinds and their counts: the same, or 1:21492,2:8.")] = None
    incidences: Annotated[str | None, option(SAMPLES, "A matrix of kinds by sampling units.")] = None
    column: Annotated[str | None, option(SAMPLES, "Column or array of the kinds.")] = None
    format: Annotated[str | None, option(SAMPLES, "Suffix that says what the files hold, such as csv.")] = (
        None
    )
    skip: Annotated[
        Texts, option(SAMPLES, "What stands for no draw, such as None; empty ones go with it.")
    ] = None
    canonical: Annotated[str | None, option(SAMPLES, "smiles: one molecule is one kind.")] = None
    base: Annotated[int | None, option(SAMPLES, "Values of an input, where draws are operations.")] = None
    arity: Annotated[int | None, option(SAMPLES, "Inputs of those operations.")] = None
    law: Annotated[str | None, option(SAMPLES, "File of kinds and weights, probabilities or counts.")] = None
    reference: Annotated[str | None, option(SAMPLES, "File of the kinds of a known set.")] = None
    training: Annotated[str | None, option(SAMPLES, "File of what the generator was trained on.")] = None
    save_counts: Annotated[
        Path | None, option(SAMPLES, ".parquet file for the counts, to be added up by --counts.")
    ] = None
    monitor: Annotated[
        Path | None, option(SAMPLES, "File that adds up runs: their evidence may always be looked at.")
    ] = None
    memory: Annotated[str, option(SAMPLES, "What counting may take; beyond, it spills to the disk.")] = "1GB"
    engine: Annotated[
        Literal["local", "ray"],
        option(
            SAMPLES, "ray: draws are counted on the cluster of RAY_ADDRESS, else on this machine's cores."
        ),
    ] = "local"


def counted(
    files: SampleOptions,
    size: int | None,
    written: Sequence[Path] = (),
    require: Callable[[int | None], None] | None = None,
) -> Counted | None:
    """Count the files that were given, if any, none of which may be one that is `written` later.

    `require` refuses a size that the draws themselves may name.
    """
    incidences = None if files.incidences is None else [files.incidences]
    given = {"draws": files.samples, "counts": files.counts, "incidences": incidences}
    named = [holds for holds, places in given.items() if places]
    if len(named) > 1:
        raise MeasurementError(
            "--samples, --counts and --incidences are three kinds of files: give one of them", "contradictory"
        )
    if named:
        return _count(given[named[0]] or [], named[0], size, files, written=written, require=require)
    for one in fields(files):
        if getattr(files, one.name) not in (one.default, []):
            raise MeasurementError(
                f"--{one.name.replace('_', '-')} describes a file: give --samples or --counts as well",
                "missing_option",
            )
    return None


def _count(places: list[str], holds: Any, size: int | None, files: SampleOptions, **refused: Any) -> Counted:
    from fluxttice_core.audit.counted import Beside, count_samples
    from fluxttice_core.audit.draws import Reading

    if files.canonical not in (None, "smiles"):
        raise MeasurementError(f"--canonical knows smiles, not '{files.canonical}'", "unknown_name")
    named = (files.base, files.arity) != (None, None)
    reading = Reading(
        column=files.column,
        space=_space(files.base, files.arity) if named else None,
        size=size,
        skip=tuple(files.skip or ()),
        file_format=files.format,
        holds=holds,
        canonical=files.canonical is not None,
    )
    beside = Beside(files.law, files.reference, files.training, files.save_counts, files.monitor)
    return count_samples(places, reading, beside, memory=files.memory, on=files.engine, **refused)


def _space(base: int | None, arity: int | None) -> OperationSpace:
    from fluxttice_core.spaces.operation_space import OperationSpace

    return OperationSpace(3 if base is None else base, 2 if arity is None else arity)
