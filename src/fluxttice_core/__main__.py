"""`python -m fluxttice_core`: the command `fluxttice`, for where its script is not on the path."""

from fluxttice_core.cli.__main__ import main

if __name__ == "__main__":
    main()
