"""`fluxttice verify`: what holds in a certified folder, what does not, and what was not checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxttice_core.certification.verify import Finding

_COLOURS = {"holds": typer.colors.GREEN, "fails": typer.colors.RED, "not checked": typer.colors.YELLOW}


def verify(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A certified folder. Default: the shipped model.", readable=False),
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(
            help="The signer's public key. Default: the project's, for the shipped model only.",
            readable=False,
        ),
    ] = None,
    remeasure: Annotated[
        bool, typer.Option("--remeasure", help="Measure the headline figures again from the weights.")
    ] = False,
) -> None:
    """Check signature, sums, schema, digests, card and gates; exit with 1 if anything fails."""
    from fluxttice_core.certification.folder_names import require_certificate
    from fluxttice_core.certification.keys import load_public_key
    from fluxttice_core.certification.verify import Finding
    from fluxttice_core.certification.verify import verify as check

    if folder is None:
        folder, shipped_key = _shipped()
        public_key = public_key or shipped_key
    if remeasure:
        require_extra("train", "measuring a model again")
    require_certificate(folder)
    key = None if public_key is None else load_public_key(public_key)
    findings = list(check(folder, public_key=key))
    if remeasure:
        from fluxttice_core.certification.remeasure import remeasure as measure_again

        findings += measure_again(folder)
    else:
        findings.append(Finding("figures again", "not checked", "give --remeasure to measure them again"))
    _show(findings)
    if any(finding.verdict == "fails" for finding in findings):
        raise typer.Exit(1)


def _shipped() -> tuple[Path, Path | None]:
    """The folder of the shipped model, and the project's public key beside it."""
    from importlib import resources

    package = Path(str(resources.files("fluxttice_core")))
    installed, checkout = package / "certified.pub", package.parents[1] / "keys" / "fluxttice.pub"
    key = next((path for path in (installed, checkout) if path.is_file()), None)
    return package / "certified", key


def _show(findings: Sequence[Finding]) -> None:
    for finding in findings:
        verdict = typer.style(f"{finding.verdict:<12}", fg=_COLOURS[finding.verdict])
        typer.echo(f"{verdict}{finding.subject:<14}{finding.detail}")
    failed = [finding.subject for finding in findings if finding.verdict == "fails"]
    unchecked = [finding.subject for finding in findings if finding.verdict == "not checked"]
    beyond = f"; not checked: {', '.join(unchecked)}" if unchecked else ""
    if failed:
        typer.secho(f"does not hold: {', '.join(failed)}{beyond}", fg=typer.colors.RED, err=True)
    else:
        typer.echo(f"what was checked holds{beyond}")
