"""Decoders from elsewhere (a function, a module, a tensor of logits), checked and measured like ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.controls import absent_classes
from fluxttice_core.evaluation.measure import measure
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.sampled_measurement import measured_by_samples
from fluxttice_core.evaluation.sampled_report import DRAWS
from fluxttice_core.evaluation.steps import Halves, ProgressCallback
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.settings import MeasurementSettings, settings_for
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.devices import require_device
from fluxttice_core.model.network_shape import NEVER
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.target import Target

_ALONE = (
    "A decoder was measured alone: without an encoder nothing is said of codes, that is of reconstruction, "
    "rate, distortion and what a code tells of its operation."
)
_OTHER_FLOOR = (
    "The floor is of untrained networks of this program for the same space, not of the measured shape."
)
_OF_A_CALL = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_PROBES, _LARGEST_LATENT = 4, 256


class BareDecoder:
    """A function of latents as a decoder: every answer is checked, and one call is made at a time.

    Classes that a position's alphabet has not are never given, whatever their logits.

    Example:
        >>> even = BareDecoder(lambda z: torch.zeros(len(z), 9, 3), OperationSpace(), 2)
        >>> even.decode_logits(torch.zeros(5, 2)).shape
        torch.Size([5, 9, 3])
    """

    def __init__(self, function: Callable[[Tensor], Any], space: ProductSpace, latent_dim: int) -> None:
        self._function, self._turn = function, threading.Lock()
        self.space, self.latent_dim = space, latent_dim
        self._absent = absent_classes(space)

    def decode_logits(self, z: Tensor) -> Tensor:
        """The function's logits, refused unless they are finite numbers of the right shape."""
        with self._turn:
            logits = _answer(self._function, z)
        due = (len(z), self.space.cells, self.space.base)
        if tuple(logits.shape) != due:
            raise MeasurementError(
                f"the decoder maps latents {tuple(z.shape)} to {tuple(logits.shape)}, and logits "
                f"(n, cells, base) = {due} are expected: reshape them, or give their space as space=",
                "wrong_shape",
            )
        if not bool(logits.isfinite().all()):
            raise MeasurementError(
                "the decoder's logits hold NaN or infinity: give finite ones, such as -100 for what never is",
                "not_finite",
            )
        return logits.to(z).masked_fill(self._absent.to(z.device), NEVER)


def measured_decoder(
    decoder: Any,
    *,
    latent_dim: int | None = None,
    space: ProductSpace | None = None,
    settings: Callable[[ProductSpace], MeasurementSettings] = settings_for,
    device: str = "cpu",
    progress: ProgressCallback | None = None,
    target: Target | None = None,
    sampled: Callable[[ProductSpace], int] = lambda _space: DRAWS,
) -> Report | Any:
    """Measure a decoder as `coverage_report` takes it, and its codes if it has an encoder."""
    require_device(device)
    with _in_evaluation_mode(decoder):
        half = _half_of(decoder, latent_dim, space, device)
        alone, chosen = not isinstance(half, Autoencoder), settings(half.space)
        if half.space.size > ENUMERATION_LIMIT and target is None:
            return measured_by_samples(
                {"a": half},
                _fresh(half, 0, device, alone=alone),
                draws=sampled(half.space),
                seed=chosen.seed,
                device=device,
                title=_name(decoder),
                progress=progress,
            )
        report = measure(
            {"a": half},
            untrained=lambda seed: _fresh(half, seed, device, alone=alone),
            settings=chosen,
            title=_name(decoder),
            progress=progress,
            target=target,
        )
    limits = (*report.limitations, *([_ALONE] if alone else []), _OTHER_FLOOR)
    return replace(report, limitations=limits)


def _half_of(decoder: Any, latent_dim: int | None, space: ProductSpace | None, device: str) -> Decodable:
    function, dimensions = _function(decoder), _dimensions(decoder, latent_dim)
    z = torch.randn(_PROBES, dimensions, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.inference_mode():
        first, again, fewer = (_answer(function, probe) for probe in (z, z, z[:1]))
        half = BareDecoder(function, space or _space(decoder, tuple(first.shape)), dimensions)
        half.decode_logits(z)
    if not (torch.allclose(first, again, 1e-3, 1e-3) and torch.allclose(first[:1], fewer, 1e-3, 1e-3)):
        raise MeasurementError(
            "the decoder's logits of one latent change from call to call or with the latents beside it: "
            "switch noise, dropout and normalisation over a batch off",
            "contradictory",
        )
    return decoder if isinstance(decoder, Autoencoder) else half


def _function(decoder: Any) -> Callable[[Tensor], Any]:
    """What maps latents to logits."""
    if isinstance(decoder, (Tensor, np.ndarray)):
        return _rows_of(torch.as_tensor(decoder))
    function: Any = getattr(decoder, "decode_logits", decoder)
    if not callable(function):
        raise MeasurementError(
            f"{decoder!r:.80} is no decoder: give a function or module that maps latents (n, d) to logits "
            "(n, cells, base), an object with decode_logits, or a tensor of logits",
            "wrong_type",
        )
    return cast("Callable[[Tensor], Any]", function)


def _rows_of(table: Tensor) -> Callable[[Tensor], Tensor]:
    """A decoder that gives each row of logits equally often, by the quantile of its one latent."""
    rows = table[None] if table.ndim == 2 else table
    if rows.ndim != 3 or not len(rows):
        raise MeasurementError(
            "a tensor of logits is (cells, base), or (n, cells, base) for n outputs that are equally likely, "
            f"and this one is {tuple(table.shape)}: reshape it",
            "wrong_shape",
        )

    def chosen(z: Tensor) -> Tensor:
        place = (torch.special.ndtr(z[:, 0].double()) * len(rows)).long().clamp(max=len(rows) - 1)
        return rows.to(z)[place]

    return chosen


def _dimensions(decoder: Any, given: int | None) -> int:
    """The latent's dimensions: as told, as the decoder says, or as its first linear layer takes."""
    if isinstance(decoder, (Tensor, np.ndarray)):
        return 1
    layers = decoder.modules() if isinstance(decoder, nn.Module) else ()
    inputs = (layer.in_features for layer in layers if isinstance(layer, nn.Linear))
    found = given if given is not None else getattr(decoder, "latent_dim", None) or next(inputs, None)
    if not isinstance(found, int) or found < 1:
        raise MeasurementError(
            "how many latents the decoder takes cannot be told: give latent_dim=, a whole number from 1, the "
            "dimensions of its standard-normal prior",
            "missing_option" if found is None else "out_of_range",
        )
    return found


def _space(decoder: Any, shape: tuple[int, ...]) -> ProductSpace:
    """The space that the decoder names, or the one of operations that has such tables."""
    named = getattr(decoder, "space", None)
    if isinstance(named, ProductSpace):
        return named
    if len(shape) == 3:
        for arity in range(1, 5):
            if 2 <= shape[2] <= 4 and shape[2] ** arity == shape[1]:
                return OperationSpace(base=shape[2], arity=arity)
    raise MeasurementError(
        f"the decoder's logits {shape} are those of no space of operations, which are (n, cells, base) with "
        "cells = base ** arity: reshape them, or give space=, such as dna:6",
        "wrong_shape",
    )


def _answer(function: Callable[[Tensor], Any], z: Tensor) -> Tensor:
    """What a function gives for latents, as a tensor of real numbers."""
    try:
        logits = function(z)
    except _OF_A_CALL as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise MeasurementError(
            f"the decoder fails on latents {tuple(z.shape)} of {z.device} ({reason}): "
            "give one that takes them, or another latent_dim",
            "unsupported",
        ) from error
    if isinstance(logits, np.ndarray):
        logits = torch.as_tensor(logits, device=z.device)
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        kind = f"a tensor of {logits.dtype}" if isinstance(logits, Tensor) else type(logits).__name__
        raise MeasurementError(
            f"the decoder gives {kind}, and a tensor of floating-point logits is expected: return one",
            "wrong_type",
        )
    return logits


def _fresh(half: Decodable, seed: int, device: str, *, alone: bool) -> Halves:
    """An untrained network for the same space and, as far as ours go, as many latents."""
    space, latents = half.space, min(half.latent_dim, _LARGEST_LATENT)
    architecture = Architecture.model_validate({"space": space.name, "latent_dim": latents})
    fresh = untrained_halves(architecture, seed, device=device)["a"]
    return {"a": BareDecoder(fresh.decode_logits, space, latents) if alone else fresh}


@contextmanager
def _in_evaluation_mode(decoder: Any) -> Iterator[None]:
    """A module measured as it will be used, and then as it was."""
    layers = list(decoder.modules()) if isinstance(decoder, nn.Module) else []
    before = [layer.training for layer in layers]
    try:
        if layers:
            decoder.eval()
        yield
    finally:
        for layer, training in zip(layers, before, strict=True):
            layer.training = training


def _name(decoder: Any) -> str:
    if isinstance(decoder, (Tensor, np.ndarray)):
        return "logits"
    return getattr(decoder, "__name__", type(decoder).__name__)
