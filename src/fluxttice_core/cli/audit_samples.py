"""What the command `audit` is told of files of samples, and the counting of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.counted import Counted

SAMPLES = "Samples and counts"


def option(said: str, *names: str) -> Any:
    """An option of the panel of samples."""
    return typer.Option(*names, help=said, rich_help_panel=SAMPLES)


Text = str | None
Texts = list[str] | None
Number = int | None
_DRAWS = "Draws: files, patterns or folders; - for standard input."
Samples = Annotated[Texts, option(_DRAWS, "--samples")]
Counts = Annotated[Texts, option("Kinds and their counts: the same, or 1:21492,2:8.", "--counts")]
Incidences = Annotated[Text, option("A matrix of kinds by sampling units.", "--incidences")]
Column = Annotated[Text, option("Column or array of the kinds.")]
FileFormat = Annotated[Text, option("Suffix that says what the files hold, such as csv.", "--format")]
Skip = Annotated[Texts, option("What stands for no draw, such as None; empty ones go with it.")]
Canonical = Annotated[Text, option("smiles: one molecule is one kind.")]
Base = Annotated[Number, option("Values of an input, where draws are operations.")]
Arity = Annotated[Number, option("Inputs of those operations.")]
Law = Annotated[Text, option("File of kinds and weights, probabilities or counts.")]
Reference = Annotated[Text, option("File of the kinds of a known set.")]
Training = Annotated[Text, option("File of what the generator was trained on.")]
Monitor = Annotated[Path | None, option("File that adds up runs: their evidence may always be looked at.")]
SaveCounts = Annotated[Path | None, option("Parquet file for the counts, to be added up by --counts.")]
Memory = Annotated[str, option("What counting may take; beyond, it spills to the disk.")]
_ENGINE = "ray: draws are counted on the cluster of RAY_ADDRESS, else on this machine's cores."
Engine = Annotated[Literal["local", "ray"], option(_ENGINE, "--engine")]

DEFAULTS: Any = {"memory": "1GB", "engine": "local"}


def counted(samples: Texts, counts: Texts, incidences: Text, size: Number, **how: Any) -> Counted | None:
    """Count the files that were given, if any."""
    given = {"draws": samples, "counts": counts, "incidences": [incidences] if incidences else None}
    named = [holds for holds, places in given.items() if places]
    if len(named) > 1:
        raise MeasurementError(
            "--samples, --counts and --incidences are three kinds of files: give one of them", "contradictory"
        )
    if not named:
        idle = [name for name, value in how.items() if value and value != DEFAULTS.get(name)]
        if idle:
            raise MeasurementError(
                f"--{idle[0].replace('_', '-')} describes a file: give --samples or --counts as well",
                "missing_option",
            )
        return None
    return _count(given[named[0]] or [], named[0], size, **how)


def _count(places: list[str], holds: Any, size: Number, **how: Any) -> Counted:
    from fluxttice_core.audit.counted import Beside, count_samples
    from fluxttice_core.audit.draws import Reading
    from fluxttice_core.spaces.operation_space import OperationSpace

    base, arity = how["base"], how["arity"]
    if how["canonical"] not in (None, "smiles"):
        raise MeasurementError(f"--canonical knows smiles, not '{how['canonical']}'", "unknown_name")
    reading = Reading(
        column=how["column"],
        space=None if (base, arity) == (None, None) else OperationSpace(base or 3, arity or 2),
        size=size,
        skip=tuple(how["skip"] or ()),
        file_format=how["format"],
        holds=holds,
        canonical=how["canonical"] is not None,
    )
    beside = Beside(how["law"], how["reference"], how["training"], how["save_counts"], how["monitor"])
    return count_samples(places, reading, beside, memory=how["memory"], on=how["engine"])
