"""`python -m fluxttice_core` is the command `fluxttice`."""

from fluxttice_core.cli.__main__ import main

if __name__ == "__main__":
    main()
