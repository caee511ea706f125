"""Look through a torch archive without running it: sizes, then every instruction of the pickle inside."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.pickle_program import end_of_plain

__all__ = ["repack"]

MAXIMUM_MEMBERS = 4096
MAXIMUM_PICKLE = 1 << 20
_DAMAGE = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error),
    # A member that begins beyond what a file can have.
    OverflowError,
)


def repack(data: bytes, *, name: str) -> bytes:
    """Refuse a file that is no plain torch archive, or whose pickle names more than tensors and containers.

    What passes is written anew as an archive, so that torch cannot read the zip otherwise than this scan did.

    Args:
        data: The whole file.
        name: What the file is, for the error's sentence.

    Returns:
        The members that were scanned, as an archive of its own.

    Raises:
        CheckpointError: If it is refused; nothing in it has been executed.
    """
    if not data.startswith(b"PK\x03\x04"):
        raise CheckpointError(
            f"{name} is not a torch archive (no zip file); expected one written by torch.save."
        )
    fresh = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(fresh, "w") as copy:
            program = _require_plain(archive, len(data), name)
            for member in archive.namelist():
                # Reading a member compares its checksum, which torch leaves out.
                copy.writestr(member, archive.read(member))
            _scan(archive.read(program), name)
    except CheckpointError:
        raise
    except _DAMAGE as error:
        raise CheckpointError(f"{name} is a damaged archive; restore it from a copy.") from error
    return fresh.getvalue()


def _require_plain(archive: zipfile.ZipFile, size: int, name: str) -> str:
    """Require what torch.save writes, and return the name of the pickle in it."""
    members = archive.infolist()
    if len(members) > MAXIMUM_MEMBERS or sum(member.file_size for member in members) > size:
        raise CheckpointError(
            f"{name} would unpack to more than its own size; expected an archive by torch.save."
        )
    if any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members):
        raise CheckpointError(
            f"{name} is compressed or encrypted; expected an archive written by torch.save."
        )
    names = [member.filename for member in members]
    roots = {member.partition("/")[0] for member in names}
    if len(set(names)) != len(names) or len(roots) != 1 or any(".." in member.split("/") for member in names):
        raise CheckpointError(
            f"{name} has members that torch.save would not write; expected one plain folder."
        )
    pickles = [member for member in members if member.filename.endswith(".pkl")]
    if [member.filename for member in pickles] != [f"{roots.pop()}/data.pkl"] or pickles[
        0
    ].file_size > MAXIMUM_PICKLE:
        raise CheckpointError(
            f"{name} lacks one data.pkl of at most {MAXIMUM_PICKLE:,} bytes; it is no checkpoint."
        )
    return pickles[0].filename


def _scan(program: bytes, name: str) -> None:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # for escapes in names
        end = end_of_plain(program, name)
    if end != len(program):
        raise CheckpointError(f"{name} has bytes after the end of its pickle; refused.")
