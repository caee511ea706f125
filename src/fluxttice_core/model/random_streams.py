"""Independent random streams, each a function of seed, purpose and epoch, so that none needs to be stored."""

import hashlib

import torch


def stream(seed: int, purpose: str, epoch: int = 0, *, device: str = "cpu") -> torch.Generator:
    """A generator that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{epoch}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def measurement_stream(seed: int, *purpose: str, device: str = "cpu") -> torch.Generator:
    """A generator that depends on nothing but its arguments: adding a metric changes no other's draws."""
    digest = hashlib.sha256("/".join(("measurement", str(seed), *purpose)).encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)
