"""Commands about signing keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fluxttice_core.cli.help_of_flags import PlainCommand, PlainGroup
from fluxttice_core.cli.password import PASSWORD, asked_password

_QUESTION = "Password for the private key"

keys = typer.Typer(
    help="Make and show the keys that sign certified models.", no_args_is_help=True, cls=PlainGroup
)


@keys.command(cls=PlainCommand)
def new(
    private: Annotated[Path, typer.Argument(help="File for the private key; must not exist.")],
    password: Annotated[
        str | None,
        typer.Option(help=f"12 characters to 1,023 bytes; asked for, or in {PASSWORD}, where it is safer."),
    ] = None,
    public: Annotated[
        Path | None, typer.Option(help="File for the public key; the private key's with .pub by default.")
    ] = None,
) -> None:
    """Make a P-256 key: its private half encrypted with a password, mode 0600, its public half beside it."""
    from fluxttice_core.certification.keys import fingerprint, new_private_key, write_key_pair
    from fluxttice_core.errors import StorageError

    if not private.name:
        raise StorageError(
            f"{str(private)!r} is the name of a folder; give a file for the private key", "not_a_file"
        )
    key = new_private_key()
    beside = public or private.with_suffix(".pub")
    secret = asked_password(_QUESTION, twice=True) if password is None else password
    write_key_pair(private, beside, key, secret)
    typer.echo(f"private key  {private}  (keep it and its password to yourself)")
    typer.echo(f"public key   {beside}  (give it to whoever shall verify)")
    typer.echo(f"fingerprint  {fingerprint(key.public_key())}")


@keys.command(cls=PlainCommand)
def show(public: Annotated[Path, typer.Argument(help="A public key in PEM.", readable=False)]) -> None:
    """Show a public key's curve and fingerprint, to compare with what its owner says."""
    from fluxttice_core.certification.keys import fingerprint, load_public_key, public_pem

    key = load_public_key(public)
    typer.echo(f"curve        {key.curve.name}")
    typer.echo(f"fingerprint  {fingerprint(key)}")
    typer.echo(public_pem(key).decode().rstrip())
