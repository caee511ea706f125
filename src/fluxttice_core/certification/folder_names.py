"""The names that a certified folder may hold, and no others: nothing vouches for what lies beside them."""

import os
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from fluxttice_core.errors import CheckpointError, RecordError
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.folder_digests import SIGNATURE, SUMS

MODEL, SETTINGS, REPORT, CARD = "model.safetensors", "settings.json", "report.json", "MODEL_CARD.md"
SELECTION, FIGURES = "selection.json", "figures"
COMMAND = f"fluxttice benchmark --checkpoint {MODEL}"
"""Measures again what the folder's report holds; without a path, so that it is the same everywhere."""

OWN = frozenset({MODEL, SETTINGS, REPORT, CARD, SELECTION, TARGET, SUMS, SIGNATURE})
HUB = frozenset({".cache", ".gitattributes", "README.md"})
"""What a download from the Hugging Face Hub has beside a certificate: nobody reads or vouches for it."""
DRAWINGS = frozenset(f"{FIGURES}/{name}.svg" for name in ("coverage", "latents", "mass", "rate_distortion"))
"""The drawings that a certificate may have, all of which `evaluation.plots` draws."""


def require_certificate(path: Path) -> None:
    """Refuse what is no certified folder at all, of which no check says anything."""
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        raise CheckpointError(
            f"{path} {what}, and a certified folder was expected: give one that `certify` wrote",
            "not_a_folder",
        )
    # Not only whether the file is there: a link to nowhere is somebody's attempt at one, and worth a report.
    if not any(os.path.lexists(path / name) for name in OWN):
        raise CheckpointError(
            f"{path} holds none of a certificate's files, such as {REPORT}: give one that `certify` wrote",
            "missing_file",
        )
    if path.resolve().parent.name == "snapshots" and any((path / name).is_symlink() for name in OWN):
        raise CheckpointError(
            f"{path} holds links into a cache of the Hugging Face Hub, and a certificate holds files: run "
            f"`cp -rL {quote(str(path))} COPY`, then verify COPY",
            "not_a_file",
        )


def beside(name: str) -> bool:
    """Whether a file is the Hub's own, and no part of a certificate."""
    return name.partition("/")[0] in HUB


def require_own_names(names: Iterable[str]) -> None:
    """Refuse a folder with a file that no certificate has, such as a program or a second model."""
    for name in names:
        if name not in OWN and name not in DRAWINGS:
            raise RecordError(
                f"{name} is no part of a certificate: remove it, or get the folder again from its publisher",
                "unexpected_file",
            )


def require_no_more_folders(empty: Iterable[str]) -> None:
    """Refuse empty folders, save `figures`: neither sums nor signature speak of them."""
    for name in empty:
        if name != FIGURES:
            raise RecordError(
                f"{name} is an empty folder and no part of a certificate: remove it, or get the folder again "
                "from its publisher",
                "unexpected_file",
            )


def figures_among(names: Iterable[str]) -> list[str]:
    """The names in `figures/` of a certificate's figures, sorted."""
    return sorted(name.removeprefix(f"{FIGURES}/") for name in DRAWINGS.intersection(names))
