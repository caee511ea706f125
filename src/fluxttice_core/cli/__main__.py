"""Run the command, as `fluxttice` or as `python -m fluxttice_core.cli`."""

import sys


def main() -> None:
    """Entry point: even while its parts are loaded, an interrupt ends it with one sentence."""
    try:
        from fluxttice_core.cli.main import app

        app()
    except KeyboardInterrupt:
        sys.stderr.write("fluxttice: stopped\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
