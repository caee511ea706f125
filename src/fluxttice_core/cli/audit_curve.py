"""What the command `audit` is told of the curve of a sample, and what else a tally of it says."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fluxttice_core.cli.option_groups import option
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.counted import Counted
    from fluxttice_core.audit.curves import Curve
    from fluxttice_core.audit.reference_set import NoveltyReport, ReferenceReport
    from fluxttice_core.statistics.intervals import Interval

_CURVE = "Curve of a sample"


@dataclass(frozen=True)
class CurveOptions:
    """What is asked for: to print, draw or write the curve, and the draws needed for masses and for kinds."""

    curve: Annotated[
        bool, option(_CURVE, "Show kinds and mass by draws, up to twice as many.", "--curve")
    ] = False
    plot: Annotated[Path | None, option(_CURVE, "Draw the curve into an .svg or .png file.")] = None
    csv: Annotated[Path | None, option(_CURVE, "Write the curve into a CSV file.")] = None
    wanted_mass: Annotated[list[str] | None, option(_CURVE, "Mass to see, 99%: how many draws it takes.")] = (
        None
    )
    wanted_kinds: Annotated[
        list[str] | None, option(_CURVE, "Kinds to see, as a count or share of the space: likewise.")
    ] = None

    @property
    def asked(self) -> bool:
        """Whether anything is."""
        return any(vars(self).values())

    @property
    def written(self) -> tuple[Path, ...]:
        """The files that are written."""
        return tuple(path for path in (self.csv, self.plot) if path is not None)

    def require_sound(self, size: int | None) -> None:
        """Refuse what no sample's curve can be, before anything is counted, or kept of what was."""
        from fluxttice_core.audit.whole_file import require_writable

        for path in self.written:
            require_writable(path)
        if self.plot is not None:
            from fluxttice_core.audit.curve_plot import require_drawable

            require_drawable(self.plot.suffix)
        # A share of a space that the kinds themselves will name is not of less than one kind.
        self.require_wanted(size, of=2**63)

    def require_wanted(self, size: int | None, of: int = 1) -> None:
        """Refuse masses and numbers of kinds that no sample of a space of this size can show."""
        if self.wanted_mass or self.wanted_kinds:
            import numpy as np

            from fluxttice_core.audit.curves import curve_of
            from fluxttice_core.statistics.tally import Tally

            masses, kinds = self.wanted(size, size or of)
            curve_of(Tally.of_counts(np.ones(1, np.int64)), masses=masses, kinds=kinds)

    def wanted(self, size: int | None, of: int) -> tuple[list[float], list[float]]:
        """Return the masses and the numbers of kinds that are asked for, shares being `of` so many kinds."""
        from fluxttice_core.audit.printed_numbers import exact_count, stated_number, stated_share

        kinds = [
            stated_share(text, size) if size else stated_number(text) for text in self.wanted_kinds or ()
        ]
        masses = [stated_number(text) for text in self.wanted_mass or ()]
        for one in (*masses, *kinds):
            if one.lower != one.upper:
                raise MeasurementError(
                    f"'{one.text}' is a range: ask for one number, or for each of its ends", "malformed"
                )
        shares = [one.text for one in kinds if one.value <= 1 and exact_count(one.text, 1) is None]
        if shares and not size and of == 1:
            raise MeasurementError(
                f"'{shares[0]}' of the kinds is a share of a space: give --space-size as well",
                "missing_option",
            )
        return [one.value for one in masses], [_kinds(one.value * of) for one in kinds]


def _kinds(number: float) -> float:
    """The fewest kinds that are so many: 13 are half of 25, and less than one is nothing to see."""
    whole = number < 1 or math.isclose(number, round(number), rel_tol=1e-12)
    return number if whole else float(math.ceil(number))


@dataclass(frozen=True)
class Beside:
    """What draws show beside known sets, in units, and by their number."""

    reference: ReferenceReport | None = None
    novelty: NoveltyReport | None = None
    units: dict[str, Interval | float | None] | None = None
    curve: Curve | None = None

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "reference": None if self.reference is None else self.reference.as_json(),
            "training": None if self.novelty is None else self.novelty.as_json(),
            "incidences": self.units and _plain(self.units),
            "curve": None if self.curve is None else self.curve.as_json(),
        }


def _plain(units: dict[str, Interval | float | None]) -> dict[str, Any]:
    """Return figures as numbers, and the intervals of those that have one beside them."""
    from fluxttice_core.statistics.intervals import Interval

    found: dict[str, Any] = {}
    for name, value in units.items():
        found[name] = getattr(value, "estimate", value)
        if isinstance(value, Interval):
            upper = value.upper if math.isfinite(value.upper) else None
            found[f"{name}_interval"] = {**asdict(value), "upper": upper}
    return found


def beside(
    counted: Counted | None, size: int | None, options: CurveOptions, *, once_each: bool = False
) -> Beside:
    """Measure draws beside known sets, and their curve, and write what is to be written.

    `once_each`: they were drawn without replacement.
    """
    from fluxttice_core.audit.in_python import beside_sets

    if counted is None:
        if options.asked:
            raise MeasurementError(
                "--curve, --plot, --csv, --wanted-mass and --wanted-kinds describe a sample: give --samples "
                "or --counts as well",
                "missing_option",
            )
        return Beside()
    size = size or counted.size
    reference, novelty = beside_sets(counted, size, once_each=once_each)
    return Beside(reference, novelty, _units(counted), _curve(counted, size, options))


def _units(counted: Counted) -> dict[str, Interval | float | None] | None:
    from fluxttice_core.statistics.incidence import chao2_interval, ice

    if counted.units is None:
        return None
    try:
        by_coverage = ice(counted.tally, counted.units)
    except MeasurementError:
        by_coverage = None
    return {
        "units": float(counted.units),
        "Chao2": chao2_interval(counted.tally, counted.units),
        "ICE": by_coverage,
    }


def _curve(counted: Counted, size: int | None, options: CurveOptions) -> Curve | None:
    from fluxttice_core.audit.curves import curve_of

    if not options.asked:
        return None
    if counted.units is not None:
        raise MeasurementError(
            "a curve is made of draws, and incidences are none: give --counts of single finds", "unsupported"
        )
    masses, kinds = options.wanted(size, size or 1)
    curve = curve_of(counted.tally, size=size, masses=masses, kinds=kinds)
    if options.csv is not None:
        curve.write_csv(options.csv)
    if options.plot is not None:
        curve.plot(options.plot)
    return curve
