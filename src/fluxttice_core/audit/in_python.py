"""An audit from Python: draws of any kind in memory or in files, with verdict, figures and plot."""

import html
from collections.abc import Hashable, ItemsView, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import Any

from fluxttice_core.audit.beside import Overlap
from fluxttice_core.audit.counted import (
    Beside,
    Counted,
    EngineName,
    count_samples,
    require_engine,
    require_held,
)
from fluxttice_core.audit.curves import Curve, curve_of
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.draws_in_memory import (
    Counts,
    beside_weights,
    column_names,
    count_draws,
    count_known,
    note_alien,
    require_told_apart,
    tally_of,
)
from fluxttice_core.audit.kinds import TEN
from fluxttice_core.audit.reference_set import (
    NoveltyReport,
    ReferenceReport,
    report_novelty,
    report_reference,
)
from fluxttice_core.audit.sample_report import SampleReport, report_samples
from fluxttice_core.audit.space_sizes import space_size as read_size
from fluxttice_core.audit.verdicts import SIGNIFICANCE, Finding, Verdict, many, percent
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.tally import nonempty


@dataclass(frozen=True)
class SampleAudit:
    """What draws say of their generator, and beside a known set and the training set, if those were given.

    `once_each`: they were drawn without replacement.
    """

    counted: Counted
    report: SampleReport
    reference: ReferenceReport | None = None
    novelty: NoveltyReport | None = None
    once_each: bool = False

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.report.finding.verdict

    @property
    def finding(self) -> Finding:
        """The verdict with its reason."""
        return self.report.finding

    @property
    def draws(self) -> int:
        """Number of draws, N."""
        return self.report.draws

    @property
    def distinct(self) -> int:
        """Different kinds among them, D."""
        return self.report.distinct

    @cached_property
    def curve(self) -> Curve:
        """Kinds and mass by the number of draws, up to twice as many.

        Raises:
            MeasurementError: If they were drawn without replacement.
        """
        if self.once_each:
            raise MeasurementError(
                "a curve is of independent draws, and without replacement these are none: leave the curve or "
                "without_replacement= out",
                "contradictory",
            )
        return curve_of(self.counted.tally, size=self.report.size)

    def plot(self, path: str | Path) -> None:
        """Draw the curve into an SVG or PNG file, which takes the extra `plot`."""
        self.curve.plot(path)

    def as_json(self) -> dict[str, Any]:
        """Return all figures as plain values."""
        return {
            "verdict": self.verdict.value,
            "samples": self.report.as_json(),
            "reference": None if self.reference is None else self.reference.as_json(),
            "training": None if self.novelty is None else self.novelty.as_json(),
            "reading": self.counted.reading(),
        }

    def __repr__(self) -> str:
        return f"<audit: {self.finding}, {self.distinct:,} distinct of {self.draws:,} draws>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in self._rows()
        )
        said = f"<b>{html.escape(str(self.finding))}</b>: {html.escape(self.finding.sentence)}."
        return f"<p>{said}</p><table>{rows}</table>"

    def _rows(self) -> list[tuple[str, str]]:
        report = self.report
        rows = [("draws", f"{self.draws:,}"), ("distinct kinds", f"{self.distinct:,}")]
        if report.coverage is not None and report.size is not None:
            part = report.coverage_interval
            ends = "" if part is None else f" ({percent(part.lower)} to {percent(part.upper)})"
            rows.append(("coverage", f"{percent(report.coverage)}{ends} of {many(report.size)}"))
        mass, kinds = report.missing_mass, report.richness
        if mass is not None and kinds is not None:
            rows.append(("mass not seen", f"{percent(mass.estimate)} (up to {percent(mass.upper)})"))
            rows.append(("kinds within reach", f"{many(kinds.estimate)} at least (Chao1)"))
        return rows + [("note", note) for note in self.counted.notes]


def audit_samples(
    draws: Any,
    *,
    space_size: int | str | None = None,
    law: Mapping[Any, float | int] | str | Path | None = None,
    counts: bool = False,
    column: str | int | None = None,
    reference: Any = None,
    training: Any = None,
    without_replacement: bool = False,
    significance: float | int = SIGNIFICANCE,
    engine: EngineName = "local",
) -> SampleAudit:
    """Audit draws of any kind: against all kinds of a space alike, a stated law, or nothing known.

    Example:
        >>> found = audit_samples(["heads"] * 199 + ["tails"], space_size=2)
        >>> found
        <audit: not uniform, 2 distinct of 200 draws>
        >>> audit_samples(["heads"] * 99 + ["tails"] * 101, law={"heads": 1, "tails": 1}).verdict.value
        'consistent with uniform'

    Args:
        draws: A path or pattern of files, or a list of `Path`, as `fluxttice audit` reads them; or an array
            or tensor whose first axis are the draws (a row of one cell is that cell), a list of them or of
            anything hashable, a `Counter`, or a frame or its column (pandas, Polars, Arrow). Missing values,
            masked ones among them, are refused, and so are sets, arrays of several shapes, as of batches, and
            what may be counts: two arrays, numbers under named groups, pairs as `Counter.most_common()` lists
            them, in arrays, too. Bytes of arrays are text.
        space_size: Kinds in the space, also as `1e60`, `4^20` or `dna:20`; none if it is not known.
        law: What each kind should have, as a mapping to weights or, for draws in files, a file of them.
        counts: Whether files hold kinds and their counts, instead of draws.
        column: Column of the kinds in files or frames of several; in frames beside the draws, where they have
            it.
        reference: Kinds of a known set, in any form that draws have.
        training: What the generator was trained on, likewise.
        without_replacement: Whether no kind can come twice.
        significance: Probability with which draws of the law are refused.
        engine: What counts draws in files: `local`, here, or `ray`, on a cluster, with equal results.

    Raises:
        MeasurementError: If the draws cannot be read or counted.
    """
    require_part(significance, "the significance is a probability such as 0.001")
    require_engine(engine)
    size = read_size(str(space_size)) if space_size is not None else None
    known = reference, training
    places = _places(draws)
    if places:
        counted = _count_files(places, size, law, known, column, engine, counts=counts)
    elif engine != "local":
        raise MeasurementError(
            "a cluster counts draws in files: give their path, or leave engine= out", "unsupported"
        )
    else:
        counted = _count_memory(draws, law, known, column, counts=counts)
        require_held(counted, size)
    report = report_samples(
        counted, size, significance, law_name="the stated law", once_each=without_replacement
    )
    once_each = without_replacement
    return SampleAudit(counted, report, *beside_sets(counted, size, once_each=once_each), once_each=once_each)


def require_part(value: Any, said: str) -> None:
    """Refuse what is no number between 0 and 1."""
    number = isinstance(value, Real)
    if not number or not 0 < value < 1:
        raise MeasurementError(f"{said}, not {value!r:.40}", "out_of_range" if number else "wrong_type")


def beside_sets(
    counted: Counted, size: int | None, *, once_each: bool = False
) -> tuple[ReferenceReport | None, NoveltyReport | None]:
    """Measure draws, without replacement if `once_each`, beside the sets that were given."""
    reference = novelty = None
    space = size or counted.size
    if (known := counted.reference) is not None:
        reference = report_reference(known.tally, counted.tally.draws, known.size, once_each=once_each)
    if (trained := counted.training) is not None:
        held = trained.size
        if space is None and known is not None and trained.shared is not None:
            space, held = known.size, trained.shared
        novelty = report_novelty(
            trained.tally, counted.tally, trained.size, space, held=held, once_each=once_each
        )
    return reference, novelty


def _places(draws: Any) -> list[str]:
    """Return the files that draws are in: a path or pattern, or a list of paths; none of other draws."""
    if isinstance(draws, (str, Path)):
        return [str(draws)]
    listed = isinstance(draws, (list, tuple)) and all(isinstance(place, Path) for place in draws)
    return list(map(str, draws)) if listed else []


def _count_files(
    places: Sequence[str],
    size: int | None,
    law: Any,
    known: tuple[Any, Any],
    column: str | int | None,
    engine: EngineName,
    *,
    counts: bool,
) -> Counted:
    files = [path for path in (law, *known) if path is not None]
    if not all(isinstance(path, (str, Path)) for path in files):
        raise MeasurementError(
            "beside draws in files the law, the reference and the training set are files, too: give the "
            "path of each, or read the draws into a list",
            "wrong_type",
        )
    reading = Reading(
        column=None if column is None else str(column), size=size, holds="counts" if counts else "draws"
    )
    law, reference, training = (None if path is None else str(path) for path in (law, *known))
    return count_samples(places, reading, Beside(law, reference, training), on=engine)


def _count_memory(
    draws: Any, law: Any, known: tuple[Any, Any], column: str | int | None, *, counts: bool
) -> Counted:
    if counts and not isinstance(draws, Mapping):
        raise MeasurementError(
            "counts in memory are a mapping of kinds to counts, such as a Counter: give that, or the path of "
            "a file of them",
            "wrong_type",
        )
    if isinstance(draws, Set) and not isinstance(draws, ItemsView):
        raise MeasurementError(
            "a set holds a kind once, however often it was drawn: give a list of all draws", "wrong_type"
        )
    if law is not None and not isinstance(law, Mapping):
        raise MeasurementError(
            "beside draws in memory a law is a mapping of kinds to weights: give a dict, or both as paths",
            "wrong_type",
        )
    framed = column_names(draws) is not None
    of_draws = framed or all(column_names(kinds) is None for kinds in known)
    drawn = count_draws(draws, column if of_draws else None)
    tally = nonempty(tally_of(drawn))
    require_told_apart(drawn)
    known_kinds, trained_kinds = (
        None if kinds is None else _kinds(kinds, column, named=framed) for kinds in known
    )
    reference = None if known_kinds is None else _overlap(drawn, known_kinds)
    training = None if trained_kinds is None else _overlap(drawn, trained_kinds, known_kinds)
    ordered = sorted(((str(kind), n) for kind, n in drawn.items()), key=lambda pair: (-pair[1], pair[0]))
    most, least = tuple(ordered[:TEN]), tuple(ordered[: -TEN - 1 : -1])
    notes = note_alien(
        drawn, {"the law": law, "the reference": known_kinds, "the training set": trained_kinds}
    )
    counted = Counted.of(tally, most=most, least=least, reference=reference, training=training, notes=notes)
    if law is None:
        return counted
    law_tally, law_ends = beside_weights(drawn, law)
    return replace(counted, law_tally=law_tally, law_ends=law_ends)


def _kinds(known: Any, column: str | int | None, *, named: bool) -> set[Hashable]:
    if _places(known):
        raise MeasurementError(
            "beside draws in memory the reference and the training set are in memory, too: read them into "
            "lists, or give all as paths",
            "wrong_type",
        )
    return set(count_known(known, column, named=named))


def _overlap(drawn: Counts, kinds: set[Hashable], reference: set[Hashable] | None = None) -> Overlap:
    inside = tally_of({kind: number for kind, number in drawn.items() if kind in kinds})
    return Overlap(len(kinds), inside, None if reference is None else len(kinds & reference))
