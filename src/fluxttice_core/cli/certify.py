"""`fluxttice certify`: choose a run's checkpoint by the fixed rule, measure it, write and sign its folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.cli.password import PASSWORD, asked_password
from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric import ec
    from rich.table import Table

    from fluxttice_core.certification.certify import Certificate
    from fluxttice_core.certification.selection import Ranked

_SECONDS = 10.0
"""Between two lines of a log."""


def certify(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run folder; or a checkpoint, a model's folder, a .pt file.", readable=False
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Folder to write. Default: RUN/certified.")] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help=f"Private key to sign with; its password is asked for, or in {PASSWORD}.", readable=False
        ),
    ] = None,
    allow_uncertified: Annotated[
        bool, typer.Option("--allow-uncertified", help="Write a model that fails the gates, marked FAILED.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure with fewer draws: a rehearsal, with wider intervals.")
    ] = False,
) -> None:
    """Certify the checkpoint that the fixed rule chooses: measured, held against the gates, signed."""
    certified_folder(source, out, key=key, allow_uncertified=allow_uncertified, quick=quick)


def certified_folder(
    source: Path,
    out: Path | None = None,
    *,
    key: Path | None = None,
    allow_uncertified: bool = False,
    quick: bool = False,
) -> Certificate:
    """Certify, and show the ranking and where the certificate lies."""
    require_extra("train", "measuring a model")
    from fluxttice_core.certification.certify import certify as write_certificate
    from fluxttice_core.cli.progress import ProgressBar
    from fluxttice_core.evaluation.plots import draw_plots

    private_key = None if key is None else _private_key(key)
    with ProgressBar(lines=True, every=_SECONDS) as bar:
        certificate = write_certificate(
            source,
            out or _beside(source),
            draw=draw_plots,
            private_key=private_key,
            quick=quick,
            allow_uncertified=allow_uncertified,
            on_ranking=lambda ranking: bar.print(_table(ranking)),
            progress=bar.show,
        )
    _conclude(certificate)
    if (cut := _cut_short(source)) is not None:
        typer.echo(cut)
    return certificate


def _cut_short(source: Path) -> str | None:
    """That a run did not come to its end, where its last checkpoint says so: the best may be to come."""
    from fluxttice_core.storage.checkpoint import list_checkpoints, read

    checkpoints = list_checkpoints(source)
    record = read(checkpoints[-1], with_state=False).record if checkpoints else None
    if record is None or record.progress.get("finished", True):
        return None
    resume = shlex.join(["fluxttice", "train", "--resume", str(source)])
    return (
        f"the run has not come to its end, but to epoch {record.epoch}: go on by `{resume}`, then certify it"
    )


def _beside(source: Path) -> Path:
    """Where a certificate lies unless told otherwise: in the run, or beside the file."""
    return source / "certified" if source.is_dir() else source.with_name(f"{source.stem}-certified")


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read the key before anything is measured, so that a wrong password costs no time."""
    from fluxttice_core.certification.keys import MAXIMUM_KEY, load_private_key
    from fluxttice_core.errors import SignatureError
    from fluxttice_core.storage.bounded_read import read_bounded

    pem = read_bounded(path, maximum=MAXIMUM_KEY, name="The private key", error=SignatureError)
    if b"ENCRYPTED" not in pem:
        return load_private_key(path, None)
    return load_private_key(path, asked_password(f"Password of {path}"))


def _table(ranking: Sequence[Ranked]) -> Table:
    from rich.table import Table

    table = Table(
        "", "epoch", "G, A", "G, B", "held out, exact", "reason", box=None, title="Ranking by the fixed rule"
    )
    for ranked in ranking:
        candidate = ranked.candidate
        table.add_row(
            str(ranked.place),
            str(candidate.epoch),
            *(f"{value:.4f}" for value in candidate.information),
            " / ".join(f"{100 * value:.2f} %" for value in candidate.table_accuracy),
            ranked.reason,
        )
    return table


def _conclude(certificate: Certificate) -> None:
    folder = certificate.folder
    begun = "certified" if certificate.accepted else "FAILED, and written as such"
    typer.echo(f"{begun} in {folder}: {certificate.report.title}")
    if certificate.key_fingerprint is None:
        typer.echo("not signed: give --key to sign it, so that others can tell that it is yours")
    else:
        typer.echo(f"signed by {certificate.key_fingerprint}")
    typer.echo(f"check it with: {shlex.join(['fluxttice', 'verify', str(folder)])}")
