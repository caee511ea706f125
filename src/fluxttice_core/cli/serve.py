"""`fluxttice serve`: the explorer page and the embedding API on one port."""

import gc
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from fluxttice_core.evaluation.report import Report
    from fluxttice_core.server.access import Access


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = 8000,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Run folder, checkpoint or model file; the certified model by default.", readable=False
        ),
    ] = None,
    uds: Annotated[Path | None, typer.Option(help="Listen on this socket file instead of a port.")] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="FLUXTTICE_API_KEY",
            show_envvar=True,
            metavar="KEY",
            help="Key that requests to the API must bear; no process list shows it in the variable.",
        ),
    ] = None,
    api_key_file: Annotated[
        Path | None, typer.Option(help="File of keys, one a line, each of which will do.")
    ] = None,
    insecure_public: Annotated[
        bool, typer.Option("--insecure-public", help="Let other machines in without a key.")
    ] = False,
    root_path: Annotated[
        str, typer.Option(metavar="PATH", help="Where a proxy shows the server, such as /flux.")
    ] = "",
    proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Believe the X-Forwarded headers of this proxy; repeatable."),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Let pages of this origin use the API; repeatable."),
    ] = None,
    model_alias: Annotated[
        list[str] | None,
        typer.Option(metavar="ALIAS=MODEL", help="Another name of a model in the API; repeatable."),
    ] = None,
    access_log: Annotated[
        Literal["text", "json"] | None, typer.Option(help="Print a line for every request.")
    ] = None,
) -> None:
    """Serve the explorer page and the embedding API."""
    require_extra("serve", "serving")
    from fluxttice_core.server.access import Access, read_aliases, read_keys
    from fluxttice_core.server.api.requests import MODELS
    from fluxttice_core.server.run import address_of, bind, bind_file, listeners, make_server, require_guarded

    keys = ((api_key,) if api_key else ()) + (read_keys(api_key_file) if api_key_file else ())
    # A socket file is as open as its folder, to users of this machine.
    require_guarded("127.0.0.1" if uds else host, keys, insecure_public=insecure_public)
    aliases = read_aliases(model_alias or (), MODELS)
    origins, proxies = tuple(cors_origin or ()), tuple(proxy or ())
    access = Access(keys, origins, proxies, root_path, aliases, access_log)
    listening = bind_file(uds) if uds else bind(host, port)
    # By default this signal, which the server passes on when it is done, would leave the socket file behind.
    signal.signal(signal.SIGTERM, _leave)
    try:
        server = make_server(_application(model, access))
        # While clients wait, what is loaded by now need not be searched for garbage, and no long work should
        # keep the loop, which answers them, from running.
        gc.freeze()
        sys.setswitchinterval(0.0005)
        address = address_of(listening)
        typer.echo(f"Serving {address}/ (API: {address}/v1, reference: {address}/docs); Ctrl-C stops it")
        server.run(sockets=listeners(listening))
    finally:
        listening.close()
        if uds:
            uds.unlink(missing_ok=True)


def _leave(*_: object) -> None:
    sys.exit(0)


def _application(model: Path | None, access: "Access") -> "Starlette":
    from fluxttice_core.server.app import create_app
    from fluxttice_core.server.explorer.pages import explorer_routes
    from fluxttice_core.server.served_model import serve_model

    served = serve_model(model)
    return create_app(served, access=access, pages=explorer_routes(served, _figures))


def _figures(report: "Report") -> dict[str, bytes]:
    # Loaded when somebody looks at a report: it takes longer than all the rest of the start.
    from fluxttice_core.evaluation.plots import draw_plots

    return draw_plots(report)
