"""The report: what was measured of a model, printed as tables, as Markdown and as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from fluxttice_core.errors import MeasurementError, RecordError
from fluxttice_core.evaluation import in_notebooks, markdown, terminal
from fluxttice_core.evaluation.content import ReportContent
from fluxttice_core.evaluation.report_json import as_plain, fields_of
from fluxttice_core.storage.canonical_json import each_once


class Report(ReportContent):
    """What was measured of a model, complete with what perfect, untrained and deceptive generators score."""

    def table(self) -> Table:
        """The figures as one table for the terminal."""
        return terminal.metrics_table(self)

    def __str__(self) -> str:
        """The tables as plain text, 100 columns wide, so that `print` shows what `rich.print` does."""
        return terminal.as_text(self)

    def __repr__(self) -> str:
        return in_notebooks.line(self)

    def _repr_html_(self) -> str:
        return in_notebooks.card(self)

    def __rich__(self) -> RenderableType:
        """The whole report for the terminal."""
        return terminal.report_card(self)

    def markdown(self) -> str:
        """The whole report as a Markdown section."""
        return markdown.section(self)

    def as_dict(self) -> dict[str, Any]:
        """The whole report as plain values."""
        return as_plain(self)

    def to_json(self) -> str:
        """The whole report as JSON, keys sorted."""
        return json.dumps(self.as_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read back what `to_json` wrote.

        Raises:
            MeasurementError: If the text is no JSON of a complete report.
        """
        try:
            values = json.loads(text, object_pairs_hook=each_once)
        except (ValueError, RecordError) as error:
            raise MeasurementError(f"this is no JSON: {error}", "damaged_file") from error
        if not isinstance(values, dict):
            raise MeasurementError("this is no complete report: expected a JSON object", "incomplete_report")
        return cls.from_plain(values)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "Report":
        """A report from what `as_dict` made of it, in this or an earlier version.

        Raises:
            MeasurementError: If a part is missing, or is not what a report holds.
        """
        return cls(**fields_of(values))
