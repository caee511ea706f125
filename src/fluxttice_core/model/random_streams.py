"""Independent random streams, each a function of seed, purpose and epoch, so that none needs to be stored."""

import hashlib

import torch


def stream(seed: int, purpose: str, epoch: int = 0, *, device: str = "cpu") -> torch.Generator:
    """A generator that depends on nothing but its arguments.

    Args:
        seed: The run's seed.
        purpose: What the numbers are for, such as "weights", "order" or "noise".
        epoch: The epoch they are for.
        device: Where the numbers are made.

    Example:
        >>> a, b = stream(0, "noise", 3), stream(0, "noise", 3)
        >>> bool((torch.rand(4, generator=a) == torch.rand(4, generator=b)).all())
        True
    """
    digest = hashlib.sha256(f"{seed}/{purpose}/{epoch}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def measurement_stream(seed: int, *purpose: str, device: str = "cpu") -> torch.Generator:
    """A generator that depends on nothing but its arguments: adding a metric changes no other's draws.

    Args:
        seed: The measurement's seed.
        purpose: What the numbers are for, such as "a", "coverage".
        device: Where the numbers are made.

    Example:
        >>> a, b = (measurement_stream(0, "a", "coverage") for _ in range(2))
        >>> bool((torch.rand(4, generator=a) == torch.rand(4, generator=b)).all())
        True
    """
    digest = hashlib.sha256("/".join(("measurement", str(seed), *purpose)).encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)
