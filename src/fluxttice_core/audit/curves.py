"""The curve of a sample: kinds and mass by the number of draws, up to twice the sample, as rows and files."""

import contextlib
import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fluxttice_core.audit.whole_file import write_whole
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.accumulation import Accumulation, Reached
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.tally import Tally

_MASSES = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
_ENDS = ("estimate", "lower", "upper")


@dataclass(frozen=True)
class Curve:
    """What draws show, by their number and by the mass of the kinds seen.

    Args:
        sample: Draws of the sample, n.
        by_draws: From one draw to twice the sample; exact means over subsamples up to n, estimates beyond.
        by_mass: At usual masses, as far as twice the sample shows them.
        wanted: Draws after which something that was asked for is seen, by what was asked.
    """

    sample: int
    by_draws: tuple[Reached, ...]
    by_mass: tuple[Reached, ...]
    wanted: dict[str, Interval]

    def __repr__(self) -> str:
        points = f"{len(self.by_draws)} points by draws, {len(self.by_mass)} by mass"
        return f"<curve: {self.sample:,} draws, {points}>"

    def rows(self) -> Iterator[dict[str, Any]]:
        """Return the curve as flat rows of plain values; an open limit is none."""
        for by, reached in (("draws", self.by_draws), ("mass", self.by_mass)):
            for one in reached:
                kind = "observed" if one.draws.estimate == self.sample else "rarefied"
                how = "extrapolated" if one.draws.estimate > self.sample else kind
                row: dict[str, Any] = {"by": by, "how": how}
                figures = (one.draws, one.coverage, *one.hill)
                for name, figure in zip(
                    ("draws", "mass", "order_0", "order_1", "order_2"), figures, strict=True
                ):
                    row |= _ends(name, figure)
                yield row

    def as_json(self) -> dict[str, Any]:
        """Return the curve as plain values."""
        wanted = [{"wanted": name} | _ends("draws", draws) for name, draws in self.wanted.items()]
        return {"sample": self.sample, "rows": list(self.rows()), "wanted": wanted}

    def write_csv(self, path: str | Path) -> None:
        """Write the rows as CSV, whole or not at all.

        Raises:
            StorageError: If the file cannot be written.
        """
        rows = list(self.rows())
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(Path(path), lambda file: file.write(text.getvalue().encode()))

    def plot(self, path: str | Path) -> None:
        """Draw the curve into a file, by its suffix an SVG or PNG image; the same curve gives the same bytes.

        Raises:
            MeasurementError: If the suffix is another.
            MissingExtra: If Matplotlib is not installed.
            StorageError: If the file cannot be written.
        """
        from fluxttice_core.audit.curve_plot import draw_curve

        image = draw_curve(self.sample, self.by_draws, self.by_mass, Path(path).suffix)
        write_whole(Path(path), lambda file: file.write(image))


def curve_of(
    tally: Tally,
    *,
    size: int | None = None,
    points: int = 20,
    masses: Sequence[float | int] = (),
    kinds: Sequence[float | int] = (),
    level: float | int = 0.95,
) -> Curve:
    """Return the curve of a sample.

    Example:
        >>> import numpy as np
        >>> curve = curve_of(Tally.of_counts(np.array([9, 2, 1, 1])), points=2)
        >>> [(row["draws"], row["how"]) for row in curve.rows() if row["by"] == "draws"]
        [(1.0, 'rarefied'), (13.0, 'observed'), (26.0, 'extrapolated')]

    Args:
        tally: The sample.
        size: Kinds in the space, if it is known, at which all numbers of kinds are cut.
        points: Budgets besides a single draw, evenly up to twice the sample; an even number.
        masses: Masses to which the draws needed are asked for, between 0 and 1.
        kinds: Numbers of kinds to which they are.
        level: Share of repetitions that intervals must cover.

    Raises:
        MeasurementError: If there is no draw, or something asked for is out of range.
    """
    accumulation = Accumulation(tally, level)
    n = tally.draws
    budgets = sorted({1, *(max(2 * n * k // points, 1) for k in range(1, points + 1))})
    wanted = {f"{mass:.12g} of the mass": accumulation.draws_for_mass(mass) for mass in masses}
    wanted |= {f"{number:,.0f} kinds": accumulation.draws_for_kinds(number) for number in kinds}
    reached = []
    for mass in sorted({*_MASSES, *masses}):
        with contextlib.suppress(MeasurementError):  # twice the sample does not show so much
            reached.append(accumulation.at_coverage(mass))
    most = math.inf if size is None else float(size)
    by_draws, by_mass = (
        tuple(_cut(one, most) for one in each) for each in (map(accumulation.at, budgets), reached)
    )
    return Curve(n, by_draws, by_mass, wanted)


def _cut(reached: Reached, most: float | int) -> Reached:
    """Cut the numbers of kinds at the most that there are."""
    zero, one, two = (
        replace(each, **{end: min(getattr(each, end), most) for end in _ENDS}) for each in reached.hill
    )
    return replace(reached, hill=(zero, one, two))


def _ends(name: str, interval: Interval) -> dict[str, float | int | None]:
    """Return an interval, to nine digits, under the names of its ends; what is not finite is none."""
    values = {end: getattr(interval, end) for end in _ENDS}
    return {
        name if end == "estimate" else f"{name}_{end}": float(f"{value:.9g}")
        if math.isfinite(value)
        else None
        for end, value in values.items()
    }
