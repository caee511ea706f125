"""Independent random streams, each a function of the seed and of what it is for."""

import hashlib

import torch


def stream(seed: int, *purpose: str, device: str = "cpu") -> torch.Generator:
    """A generator that depends on nothing but its arguments: adding a metric changes no other's draws.

    Args:
        seed: The measurement's seed.
        purpose: What the numbers are for, such as "a", "coverage".
        device: Where the numbers are made.

    Example:
        >>> a, b = stream(0, "a", "coverage"), stream(0, "a", "coverage")
        >>> bool((torch.rand(4, generator=a) == torch.rand(4, generator=b)).all())
        True
    """
    digest = hashlib.sha256("/".join(("measurement", str(seed), *purpose)).encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)
