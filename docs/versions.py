"""The formats of files as a table, what is written and what is read, from the code that does it."""

from typing import get_args

from fluxttice_core.evaluation.result_schema import SAMPLED_VERSION, result_schema
from fluxttice_core.experiments.study import SCHEMA_VERSION, Study
from fluxttice_core.metrics.catalogue import METRIC_SET
from fluxttice_core.storage.arithmetic import RunEnvironment
from fluxttice_core.storage.checkpoint_record import FORMAT_VERSION
from fluxttice_core.version import __version__


def formats_table() -> str:
    """Every format with its field, what is written and what is read."""
    results = result_schema()["properties"]["schema_version"]["enum"]
    studies = get_args(Study.model_fields["schema_version"].annotation)
    run = RunEnvironment.model_fields["schema_version"].default
    rows = (
        (
            "result file, `report.json` of a certificate",
            "`schema_version`",
            _span(results),
            _span((1, *results)),
        ),
        ("the same from samples", "`schema_version`", str(SAMPLED_VERSION), str(SAMPLED_VERSION)),
        ("metrics in a result", "`metric_set`", str(METRIC_SET), _span(range(1, METRIC_SET + 1))),
        ("sweep, ablation", "`schema_version`", str(SCHEMA_VERSION), _span(studies)),
        ("checkpoint, `model.safetensors`", "`format_version`", str(FORMAT_VERSION), str(FORMAT_VERSION)),
        ("`environment.json` of a run", "`schema_version`", str(run), str(run)),
        ("signature", "its media type and predicate type", "OpenSSF model-signing 1.0", "the same"),
    )
    head = f"| fluxttice {__version__}: file | says so in | writes | reads |\n|---|---|---|---|\n"
    return head + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _span(versions: "tuple[int, ...] | list[int] | range") -> str:
    """Versions in words.

    Example:
        >>> _span((1, 2, 3)), _span([2])
        ('1 to 3', '2')
    """
    low, high = min(versions), max(versions)
    return str(low) if low == high else f"{low} to {high}"
