"""Memory between steps: what one step frees, the next one asks for again."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 1 << 30


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the process; where there is no glibc nothing is done.

    By default it gives large blocks back to the system, which hands them out again page by page, zeroed.

    Source: the GNU C library's manual, "Malloc Tunable Parameters".
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
