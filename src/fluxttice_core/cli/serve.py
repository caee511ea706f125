"""`fluxttice serve`: the explorer page and the embedding API on one port."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from fluxttice_core.evaluation.report import Report


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = 8000,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Run folder, checkpoint or model file; the certified model by default.", readable=False
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="FLUXTTICE_API_KEY",
            show_envvar=True,
            metavar="KEY",
            help="Key that requests to the API must bear; no process list shows it in the variable.",
        ),
    ] = None,
    insecure_public: Annotated[
        bool, typer.Option("--insecure-public", help="Let other machines in without a key.")
    ] = False,
    access_log: Annotated[bool, typer.Option("--access-log", help="Log every request.")] = False,
) -> None:
    """Serve the explorer page and the embedding API."""
    require_extra("serve", "serving")
    from fluxttice_core.server.run import address_of, bind, make_server, require_guarded

    key = api_key or None
    require_guarded(host, key, insecure_public=insecure_public)
    listening = bind(host, port)
    try:
        server = make_server(_application(model, key), access_log=access_log)
        address = address_of(listening)
        typer.echo(f"Serving {address}/ (API: {address}/v1, reference: {address}/docs); Ctrl-C stops it")
        server.run(sockets=[listening])
    finally:
        listening.close()


def _application(model: Path | None, key: str | None) -> "Starlette":
    from fluxttice_core.server.app import create_app
    from fluxttice_core.server.explorer.pages import explorer_routes
    from fluxttice_core.server.served_model import serve_model

    served = serve_model(model)
    return create_app(served, key=key, pages=explorer_routes(served, _figures))


def _figures(report: "Report") -> dict[str, bytes]:
    # Loaded when somebody looks at a report: it takes longer than all the rest of the start.
    from fluxttice_core.evaluation.plots import draw_plots

    return draw_plots(report)
