"""The two halves of a dual VAE by name."""

from typing import Literal

HalfName = Literal["a", "b"]
HALVES: tuple[HalfName, ...] = ("a", "b")
