"""How much one client may ask of the server, and how long it may take over it."""

from dataclasses import dataclass

BATCH = 2_048
"""Most operations or latents in one request."""
TEXT_LENGTH = 64
"""Most characters in one written operation."""
LARGEST_LATENT = 1.0e6
"""Largest absolute value of a latent."""
DRAWS = 100_000
"""Most draws from the prior in one request."""
LARGEST_SEED = 2**53 - 1
"""Largest seed: the largest whole number that every JSON reader keeps exactly."""
PAGE_SIZE = 1_000
"""Most operations on one page, and most neighbours."""


@dataclass(frozen=True)
class Limits:
    """Bounds on a connection and on what comes through it; times in seconds.

    Args:
        body_bytes: Largest body accepted.
        bodies_bytes: Room for all bodies together that are on their way or wait, of each all but 64 KiB.
        head_bytes: Largest request line and headers accepted, give or take one read from the network.
        connections: Most connections at a time.
        at_once: Most requests that are worked on at a time.
        waiting: Most requests that wait for their turn.
        head_seconds: Time for a request line and headers to arrive.
        body_seconds: Time for a body to arrive.
        answer_seconds: Time for an answer to be computed.
        write_seconds: Time that a client may leave an answer unread.
        idle_seconds: Time that a connection may be kept between requests.
    """

    body_bytes: int = 2 * 1024 * 1024
    bodies_bytes: int = 64 * 1024 * 1024
    head_bytes: int = 64 * 1024
    connections: int = 512
    at_once: int = 2
    waiting: int = 256
    head_seconds: float = 10.0
    body_seconds: float = 10.0
    answer_seconds: float = 30.0
    write_seconds: float = 20.0
    idle_seconds: float = 30.0
