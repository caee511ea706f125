"""What became of one check of a certified folder, and on whose authority it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fluxttice_core.errors import ErrorCode, FluxtticeError, MeasurementError, printable

Verdict = Literal["proved", "signed", "claimed", "not looked at", "fails"]
"""Shown on this machine; vouched for by a key alone; the signer's word; nobody's; or wrong."""


@dataclass(frozen=True)
class Finding:
    """What became of one check.

    `detail` says what exactly holds, why it fails, or what it would take to prove it; `signer` is the
    fingerprint of the key that signed it, if one did, `known_as` the name by which that key is known, and
    `code` that of the error of what fails.
    """

    subject: str
    verdict: Verdict
    detail: str
    signer: str | None = None
    known_as: str | None = None
    code: ErrorCode | None = None

    def __post_init__(self) -> None:
        # A detail that holds quotes names from the folder, as an error's sentence does.
        object.__setattr__(self, "detail", printable(self.detail))


def proved(subject: str, check: Callable[[], str]) -> Finding:
    """What a check says that it proved, or the fault that it found."""
    try:
        return Finding(subject, "proved", check())
    except FluxtticeError as error:
        return failing(subject, error)


def failing(subject: str, error: FluxtticeError) -> Finding:
    """What an error says of a check."""
    return Finding(subject, "fails", str(error), code=error.code)


def contradiction(sentence: str) -> MeasurementError:
    """The error of a report that cannot be true."""
    return MeasurementError(sentence, "contradictory_report")


_SIGNERS_WORD = {
    "numbers": "how the model scores: --remeasure measures every number of report and card",
    "controls": "how untrained and bad models score beside it: --remeasure measures them",
    "training": "that these settings made the weights, and that no code was fitted to a row called held out: "
    "--run DIR trains again",
    "ranking": "how the run's other checkpoints score, and that none was left out: --run DIR compares them",
    "machine": "which program, commit, libraries and computer the report names",
    "sentences": "whatever report and card say in words, and what rows are called",
}
CLAIMED = (
    *(Finding(subject, "claimed", detail) for subject, detail in _SIGNERS_WORD.items()),
    Finding("pictures", "not looked at", "what the drawings show: --remeasure draws them again"),
)
"""What files cannot show by themselves, until somebody measures or trains again."""

CLAIMED_BY_SAMPLES = (
    *(one for one in CLAIMED if one.subject not in ("ranking", "pictures")),
    Finding("choice", "claimed", "that no other run, number of epochs or seed of the draws was tried before"),
)
"""The same of a report from samples, which nothing ranks and nothing draws."""
