"""`fluxttice verify`: what this machine proves of a certified folder, and whose word the rest is."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxttice_core.certification.finding import Finding

_HEADINGS = {
    "fails": ("DOES NOT HOLD", typer.colors.RED),
    "proved": ("PROVED BY YOUR MACHINE: true, whoever signed it", typer.colors.GREEN),
    "signed": ("SIGNED: as the holder of that key made it, which makes nothing true", typer.colors.GREEN),
    "claimed": ("{} WORD: nothing here showed whether it is true", typer.colors.YELLOW),
    "not looked at": ("NOT LOOKED AT", typer.colors.YELLOW),
}
_WIDTH, _INDENT = 79, 14


def verify(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A certified folder. Default: the shipped model.", readable=False),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(
            help="The signer's public key. Default: the known one that the signature names.", readable=False
        ),
    ] = None,
    trusted_keys: Annotated[
        Path | None,
        typer.Option(
            help="Keys you know: PEM, each below a line with its name. Default: the project's.",
            readable=False,
        ),
    ] = None,
    require_signature: Annotated[
        bool, typer.Option("--require-signature", help="Fail unless one of these keys signed the folder.")
    ] = False,
    remeasure: Annotated[
        bool, typer.Option("--remeasure", help="Measure all numbers, controls and drawings again: a minute.")
    ] = False,
    run: Annotated[
        Path | None,
        typer.Option(
            help="Train again in this folder, if it is not there yet; else compare the run in it.",
            file_okay=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what your machine proves of a certified folder, what a key signed, and what is the signer's word.

    Exit codes: 0, nothing fails; 1, something does not hold; 2, bad input.
    """
    from fluxttice_core.certification.folder_names import require_certificate
    from fluxttice_core.certification.keys import load_public_key, project_keys, read_trusted_keys
    from fluxttice_core.certification.verify import verify as check

    folder = folder or _shipped()
    if remeasure or run is not None:
        require_extra("train", "measuring or training a model again")
    require_certificate(folder)
    key = None if public_key is None else load_public_key(public_key)
    known = project_keys() if trusted_keys is None else read_trusted_keys(trusted_keys)
    findings = list(check(folder, public_key=key, known=known, require_signature=require_signature))
    if remeasure:
        findings = _replaced(findings, _measured_again(folder))
    if run is not None:
        findings = _replaced(findings, _trained_again(folder, run))
    failed = [finding.subject for finding in findings if finding.verdict == "fails"]
    if json:
        record = {"folder": str(folder), "fails": failed, "findings": [vars(finding) for finding in findings]}
        typer.echo(dumps(record, indent=2))
    else:
        _show(findings)
    if failed:
        raise typer.Exit(1)


def _replaced(findings: Sequence[Finding], later: Sequence[Finding]) -> list[Finding]:
    """Findings, those of the same subject replaced by what was found later."""
    known = {finding.subject for finding in later}
    return [*(finding for finding in findings if finding.subject not in known), *later]


def _measured_again(folder: Path) -> tuple[Finding, ...]:
    from fluxttice_core.certification.remeasure import remeasure
    from fluxttice_core.cli.progress import ProgressBar

    with ProgressBar() as bar:
        return remeasure(folder, progress=bar.show)


def _trained_again(folder: Path, run: Path) -> tuple[Finding, ...]:
    from fluxttice_core.certification.retrain import compare_run
    from fluxttice_core.cli.progress import ProgressBar

    with ProgressBar() as bar:
        return compare_run(folder, run, progress=bar.show)


def _shipped() -> Path:
    from importlib import resources

    return Path(str(resources.files("fluxttice_core"))) / "certified"


def _show(findings: Sequence[Finding]) -> None:
    signed = any(finding.verdict == "signed" for finding in findings)
    whose = "THE SIGNER'S" if signed else "SOMEBODY'S"
    for verdict, (heading, colour) in _HEADINGS.items():
        group = [finding for finding in findings if finding.verdict == verdict]
        if group:
            typer.secho(heading.format(whose), fg=colour, bold=True)
        for finding in group:
            begun = f"  {finding.subject:<{_INDENT - 2}}"
            typer.echo(fill(finding.detail, _WIDTH, initial_indent=begun, subsequent_indent=" " * _INDENT))
    failed = [finding.subject for finding in findings if finding.verdict == "fails"]
    told = sum(finding.verdict in ("claimed", "not looked at") for finding in findings)
    if failed:
        typer.secho(f"does not hold: {', '.join(failed)}", fg=typer.colors.RED, err=True)
    else:
        scores = any(finding.subject == "numbers" and finding.verdict == "claimed" for finding in findings)
        named = ", among them how the model scores" if scores else ""
        known = any(finding.known_as is not None for finding in findings)
        whom = "" if known else "; no key that is known here signed it"
        typer.echo(f"nothing that was looked at fails; {told} things are not proved{named}{whom}")
