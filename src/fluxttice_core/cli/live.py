"""Where commands show what is under way."""

import sys

from rich.console import Console


def live_console() -> Console:
    """The terminal behind the standard error, if there is one.

    FORCE_COLOR and its like ask for colours in a log; a bar that moves the cursor has no business there.

    Example:
        >>> live_console().stderr
        True
    """
    return Console(stderr=True, force_terminal=sys.stderr.isatty())
