"""The errors that a user can meet: each carries one sentence that says what was wrong and what to do."""

from typing import Literal

ErrorCode = Literal[  # noqa: RUF041 - nested, so that a line holds several
    # what was given
    Literal["ambiguous", "contradictory", "malformed", "missing_option", "missing_value", "not_enumerable"],
    Literal["not_finite", "out_of_range", "space_mismatch", "too_costly", "too_few", "too_large"],
    Literal["undefined", "unsupported", "wrong_shape", "wrong_type"],
    # names
    Literal["unknown_column", "unknown_format", "unknown_name", "unknown_operation", "unknown_recipe"],
    Literal["unknown_setting", "wrong_setting"],
    # files
    Literal["alien_file", "already_exists", "changing_file", "damaged_file", "digest_mismatch"],
    Literal["disk_full", "in_use", "missing_file", "not_a_file", "not_a_folder", "unexpected_file"],
    Literal["unreadable_file", "unsafe_file", "unwritable"],
    # models and runs
    Literal["architecture_mismatch", "loss_not_finite", "missing_checkpoint", "missing_device"],
    Literal["missing_extra", "missing_record", "settings_mismatch", "state_mismatch", "untrained"],
    Literal["wrong_version"],
    # reports and certificates
    Literal["contradictory_report", "gate_failed", "incomplete_report", "law_broken", "model_mismatch"],
    Literal["not_measured"],
    # keys
    Literal["exposed_key", "no_terminal", "signature_invalid", "unsuitable_key", "weak_secret"],
    Literal["wrong_key", "wrong_password"],
    # the server
    Literal["bad_request", "cannot_listen", "exposed_server"],
    # a cluster
    Literal["unreachable"],
]
"""What went wrong, as a word for programs that stays as it is; docs/errors.md says what to do about each."""

_LONGEST = 4_000


class FluxtticeError(ValueError):
    r"""Base of every error that bad input can cause; commands print its sentence and exit with `exit_code`.

    Names and values from files are quoted in it, so what cannot be printed, such as the codes that steer a
    terminal, is written as an escape, and what is longer than 4,000 characters is cut.

    Args:
        sentence: What was wrong, what was expected, what to do.
        code: What was wrong, for programs.

    Example:
        >>> error = FluxtticeError("the column \x1b[2J is missing", "unknown_column")
        >>> str(error), error.code
        ('the column \\x1b[2J is missing', 'unknown_column')
    """

    exit_code = 2

    def __init__(self, sentence: str, code: ErrorCode) -> None:
        # Both are its `args`, so that a copy, or another process that is sent it, has them too.
        super().__init__(printable(sentence), code)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


def printable(sentence: str) -> str:
    r"""A sentence as it may be shown in a terminal: what does not print is escaped, what is too long is cut.

    Example:
        >>> printable("the file \x1b[2J")
        'the file \\x1b[2J'
    """
    sentence = sentence if len(sentence) <= _LONGEST else sentence[:_LONGEST] + "…"
    if sentence.isprintable():
        return sentence
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in sentence)


class OperationError(FluxtticeError):
    """An operation, index, table or space that cannot be read."""


class SettingsError(FluxtticeError):
    """A recipe or setting that is unknown, out of bounds or contradictory."""


class CheckpointError(FluxtticeError):
    """A checkpoint that is missing, damaged, alien, untrained or of another shape."""


class MeasurementError(FluxtticeError):
    """A measurement that cannot be made of what was given, or a result file that is incomplete."""


class CertificationError(FluxtticeError):
    """A model that was refused a certificate, such as one that fails an acceptance gate."""

    exit_code = 1


class LawViolation(MeasurementError):  # noqa: N818 - a broken law, not a mistake in the program
    """A table of figures that breaks an identity or inequality which every true table obeys."""


class TrainingError(FluxtticeError):
    """A training run that cannot go on, such as one whose loss is no longer finite."""


class RecordError(FluxtticeError):
    """A value that canonical JSON cannot hold, or a file that was to be such JSON and is not."""


class StorageError(FluxtticeError):
    """A file or folder that could not be written, such as on a full disk or in a read-only folder."""


class SignatureError(FluxtticeError):
    """A key that cannot be read, or a signature that does not vouch for what lies beside it."""


class MissingExtra(FluxtticeError, ImportError):  # noqa: N818 - names what is missing
    """A package that is not installed, and that only some uses of this program need."""
