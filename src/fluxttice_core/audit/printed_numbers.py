"""Numbers as somebody printed them: what is claimed, and what rounding leaves open."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from fluxttice_core.errors import MeasurementError

_TO = r"\s*(?:\.\.|-|–|to)\s*"
_RANGE = re.compile(rf"(?P<lower>\d*\.?\d+%?){_TO}(?P<upper>\d*\.?\d+%?)")
_COUNTS = re.compile(rf"(?P<lower>\d[\d,_]*){_TO}(?P<upper>\d[\d,_]*)")
_GROUPED = re.compile(r"[1-9]\d{0,2}([,_]\d{3})+")
_COMMA = re.compile(r"\d,\d|^,\d")

_MOST_PERCENT = 100
"""A count that is no larger might have been meant as percent."""

_LONGEST = 30
"""No number has more digits, before or after its point: others only cost time."""


@dataclass(frozen=True)
class Stated:
    """A printed number or range: both ends at face value, and the least and the most that round to them."""

    text: str
    lower: float | int
    upper: float | int
    least: float | int
    most: float | int
    reading: str = ""  # how the number was read, where it could have been meant otherwise
    counted: tuple[int, int] | None = None  # both ends where counts were printed, which a share may round

    @property
    def value(self) -> float | int:
        """The face value, of a range its middle."""
        return (self.lower + self.upper) / 2


def stated_number(text: str) -> Stated:
    """Read a number or a range `a..b`, percent or plain; the last digit printed is the one that was rounded.

    In `80..90%` the sign counts for both ends.
    """
    lower_text, upper_text = _ends(text)
    lower, lower_half = _read(lower_text, text)
    upper, upper_half = _read(upper_text, text)
    if lower > upper:
        raise MeasurementError(f"the range '{text}' falls: write its smaller end first", "malformed")
    return Stated(
        text.strip(), float(lower), float(upper), float(lower - lower_half), float(upper + upper_half)
    )


def stated_share(text: str, size: int | None) -> Stated:
    """Read a share of a space: percent (`82%`), fraction (`.82`) or count (`16140`), or a range of these.

    A count is exact; if it could have been meant as percent, `reading` says how it was read.
    """
    counts = _counts(text)
    if counts and size is None:
        raise MeasurementError(
            f"'{text}' is a count: give --space-size as well, or a share such as 82%", "missing_option"
        )
    share = _exactly(text.strip(), *counts, size) if counts and size is not None else stated_number(text)
    if share.upper > 1:
        is_count = counts is None and size is not None and share.upper <= size
        count = f"the count {share.upper:.0f}" if is_count else "a count"
        raise MeasurementError(
            f"'{text}' is more than all there are: write a share as 82%, .82 or {count}", "out_of_range"
        )
    return replace(share, least=max(share.least, 0.0), most=min(share.most, 1.0))


def stated_shares(texts: Sequence[str], size: int | None) -> list[Stated]:
    """Read shares that stand beside each other: a `1` beside fractions is the whole, and no single operation.

    Rounding is granted to it as to every number: `1` may stand for anything from .5 on.
    """
    others = [text for text in texts if _counts(text) is None]
    require_one_sort(texts)
    return [_whole(text) if others and _is_one(text) else stated_share(text, size) for text in texts]


def require_one_sort(texts: Sequence[str]) -> None:
    """Refuse a `1` beside percentages."""
    if any(_is_one(text) for text in texts) and any("%" in text for text in texts):
        raise MeasurementError(
            "'1' beside percentages may be one operation, 1 % or all: write 1% or 100%", "ambiguous"
        )


def share_of_all(text: str, size: int | None) -> Stated:
    """Read what can only be a share of all there is, so that `1` is the whole."""
    return _whole(text) if _is_one(text) else stated_share(text, size)


def exact_count(text: str, whole: int) -> Stated | None:
    """Read a count, or a range of counts, as a share of a whole that it may exceed; None of anything else."""
    counts = _counts(text)
    return None if counts is None else _exactly(text.strip(), *counts, whole)


def read_aloud(sentence: str, *stated: Stated) -> str:
    """Return the sentence of a finding, with how numbers were read that could have been meant otherwise."""
    return "; ".join([sentence, *dict.fromkeys(one.reading for one in stated if one.reading)])


def stated_count(text: str, longest: int = _LONGEST) -> int:
    """Read a whole number of at least 0, such as `10000`, `10,000`, `10_000` or `2e9`, of so many digits."""
    plain = text.strip()
    number, _ = _read(re.sub("[,_]", "", plain) if _GROUPED.fullmatch(plain) else plain, text, longest)
    if number != int(number) or "%" in plain:
        raise MeasurementError(f"'{text}' is not a whole number: write a count such as 10000", "malformed")
    return int(number)


def _whole(text: str) -> Stated:
    whole = stated_number(text)
    return replace(whole, most=min(whole.most, 1.0))


def _is_one(text: str) -> bool:
    """Return whether a share is written as a bare 1: one operation, or all of them."""
    return text.strip() == "1"


def _exactly(text: str, fewest: int, most: int, size: int) -> Stated:
    """Return a count, or a range of counts, as a share that nobody rounded."""
    if fewest > most:
        raise MeasurementError(f"the range '{text}' falls: write its smaller end first", "malformed")
    lower, upper = fewest / size, most / size
    return Stated(text, lower, upper, lower, upper, _count_read(text, fewest, most, size), (fewest, most))


def _count_read(text: str, fewest: int, most: int, size: int) -> str:
    """Say that a number was read as a count, where it would be another share as percent."""
    if not 1 <= most <= _MOST_PERCENT or size == (1 if most == 1 else _MOST_PERCENT):
        return ""
    if fewest < most:
        return f"{text} is read as counts of {fewest} to {most}; write {fewest}%..{most}% for percent"
    otherwise = "100% for all" if most == 1 else f"{most}% for percent"
    return f"{text} is read as a count of {most}; write {otherwise}"


def _ends(text: str) -> tuple[str, str]:
    """Return both ends of a range, each with its percent sign, or a single number twice."""
    ends = _RANGE.fullmatch(text.strip())
    if ends is None:
        return text, text
    lower, upper = ends["lower"], ends["upper"]
    if lower.endswith("%") == upper.endswith("%"):
        return lower, upper
    # A sign at the upper end alone is meant for both, unless the lower would do as a fraction.
    if upper.endswith("%") and not 0 < float(lower) <= float(upper[:-1]) / 100:
        return f"{lower}%", upper
    raise MeasurementError(
        f"'{text}' has a percent sign at one end: write it at both, or at neither", "ambiguous"
    )


def _counts(text: str) -> tuple[int, int] | None:
    """Return both ends of a range of counts, or a single count twice; None of what is written otherwise."""
    if _is_count(text):
        return stated_count(text), stated_count(text)
    ends = _COUNTS.fullmatch(text.strip())
    if ends is None or not (_is_count(ends["lower"]) and _is_count(ends["upper"])):
        return None
    # Up to 1 these are fractions: all that there is between nothing and everything.
    return (stated_count(ends["lower"]), stated_count(ends["upper"])) if ends["upper"] != "1" else None


def _is_count(text: str) -> bool:
    """Return whether a share is written as a count: without a point, exponent or percent sign."""
    plain = text.strip()
    return bool(plain.isdecimal() or _GROUPED.fullmatch(plain))


def _read(part: str, whole: str, longest: int = _LONGEST) -> tuple[Decimal, Decimal]:
    """Return the value of a number and half a unit of its last digit, percent as a fraction."""
    digits = part.strip().removesuffix("%").strip()
    try:
        number = Decimal(digits)
    except InvalidOperation:
        if _COMMA.search(whole):
            raise MeasurementError(
                f"'{whole}' has a comma that groups no thousands of a count: write a decimal point, "
                "such as 0.398",
                "malformed",
            ) from None
        raise MeasurementError(
            f"'{whole}' is not a number: write it as 10000, .82, 82% or .3..1.0", "malformed"
        ) from None
    if not number.is_finite() or number < 0:
        raise MeasurementError(
            f"'{whole}' cannot be counted or measured: write a finite number of at least 0", "out_of_range"
        )
    if len(digits) > longest or abs(number.adjusted()) > longest:
        raise MeasurementError(
            f"'{whole:.20}' is out of all proportion: write a number of fewer digits", "too_large"
        )
    exponent = number.as_tuple().exponent
    scale = Decimal("0.01") if part.strip().endswith("%") else Decimal(1)
    half = Decimal(5).scaleb(int(exponent) - 1)
    return number * scale, half * scale
