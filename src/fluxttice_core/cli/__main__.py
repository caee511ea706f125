"""Run the command as `python -m fluxttice_core.cli`."""

from fluxttice_core.cli.main import main

main()
