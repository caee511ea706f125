"""The `fluxttice` command: one small module a group, none of which loads torch before it is needed."""

import errno
import json
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from fluxttice_core.cli.ablate import ablate
from fluxttice_core.cli.audit import audit
from fluxttice_core.cli.benchmark import benchmark
from fluxttice_core.cli.certify import certify
from fluxttice_core.cli.compare import compare
from fluxttice_core.cli.export import export
from fluxttice_core.cli.help_of_flags import PlainCommand, PlainGroup
from fluxttice_core.cli.key import keys
from fluxttice_core.cli.operation import operation, search
from fluxttice_core.cli.run import run
from fluxttice_core.cli.serve import serve
from fluxttice_core.cli.sweep import sweep
from fluxttice_core.cli.train import train
from fluxttice_core.cli.verify import verify
from fluxttice_core.errors import ErrorCode, FluxtticeError, StorageError

STOPPED = 130
"""Exit code of a command that was interrupted, as shells have it."""


class OneSentence(PlainGroup):
    """Ends a command that met bad input with its one sentence and its exit code, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except FluxtticeError as error:
            _end(error, as_json=as_json)
        except (KeyboardInterrupt, typer.Abort):
            typer.echo("fluxttice: stopped", err=True)
            raise typer.Exit(STOPPED) from None
        except OSError as error:
            # Nobody reads the output any more: click ends such a command without a word.
            if error.errno == errno.EPIPE:
                raise
            code: ErrorCode = "disk_full" if error.errno == errno.ENOSPC else "unwritable"
            _end(StorageError(_refusal(error), code), as_json=as_json)


def _end(error: FluxtticeError, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps({"error": {"code": error.code, "message": str(error)}}, indent=1))
    typer.echo(f"fluxttice: {error}", err=True)
    raise typer.Exit(error.exit_code) from None


def _refusal(error: OSError) -> str:
    """What the system refused, where nothing nearer to the cause has said it."""
    if error.filename is None:
        return f"reading or writing failed ({error.strerror or error}): free space, or choose another place"
    what = error.filename
    return f"{what} cannot be used ({error.strerror or error}): give one that can exist and that you may use"


app = typer.Typer(
    name="fluxttice",
    cls=OneSentence,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train, measure, search and use a dual VAE over every ternary operation.",
)


def _version(wanted: bool) -> bool:
    if wanted:
        from fluxttice_core.version import __version__

        typer.echo(f"fluxttice {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


_COMMANDS: tuple[Callable[..., None], ...] = (
    *(run, train, benchmark, compare, sweep, ablate, certify),
    *(verify, audit, operation, search, serve, export),
)
for command in _COMMANDS:
    # An operation may begin with a minus.
    app.command(cls=PlainCommand, context_settings={"ignore_unknown_options": command is operation})(command)
app.add_typer(keys, name="key")
