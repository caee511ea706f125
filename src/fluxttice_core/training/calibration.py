"""Calibration of a decoder's last layer under the prior: uniform argmax by a shift, sharper by a factor."""

import torch
from torch import Tensor
from torch.nn import functional

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.dual_vae import VAE, DualVAE
from fluxttice_core.model.random_streams import stream
from fluxttice_core.shapes import Float, Int64
from fluxttice_core.training.recipe_settings import DECODED_AT_ONCE, CalibrationSettings


def uniform_offsets(logits: Float[Tensor, "m cells base"], *, sweeps: int) -> Float[Tensor, "cells base"]:
    r"""Offsets b under which each symbol wins an equal share of the rows, in every entry.

    .. math:: \#\{r : \arg\max_c (\ell_{ric} + b_{ic}) = c\} = m / \mathrm{base}

    This is a semi-discrete optimal transport problem of one entry at a time, whose dual is concave in b;
    each step sets one offset exactly, to an order statistic of that symbol's margin, so the sweeps
    climb the dual.
    """
    draws, cells, base = logits.shape
    if draws < base:
        raise SettingsError(
            f"calibration needs at least {base} prior draws, one for each symbol, not {draws}", "too_few"
        )
    rows = logits.permute(1, 2, 0).contiguous()
    offsets = torch.zeros(cells, base, dtype=logits.dtype, device=logits.device)
    # The offset at which a symbol wins its share is an order statistic of its margin over the best rival.
    rank = min(round(draws * (base - 1) / base), draws - 1)
    for _ in range(sweeps):
        for symbol in range(base):
            shifted = rows + offsets[..., None]
            rivals = torch.cat((shifted[:, :symbol], shifted[:, symbol + 1 :]), 1).amax(1)
            margin = rows[:, symbol] - rivals
            low, high = margin.kthvalue(rank).values, margin.kthvalue(rank + 1).values
            offsets[:, symbol] = -0.5 * (low + high)
        if _is_even((rows + offsets[..., None]).argmax(1), base):
            break
    return offsets - offsets.mean(1, keepdim=True)


def _is_even(winners: Int64[Tensor, "cells m"], base: int) -> bool:
    """Whether every symbol wins its share of the draws, to the nearest draw."""
    wins = functional.one_hot(winners, base).sum(1)
    return bool(((wins * base - winners.shape[1]).abs() < base).all())


def sharpening_factor(logits: Float[Tensor, "m cells base"], *, conditional_entropy: float) -> float:
    r"""The least factor s >= 1 on the logits under which the mean entropy of the outputs is low enough.

    .. math:: \frac1m \sum_r \sum_i H(\mathrm{softmax}(s\,\ell_{ri})) \le h
    """
    # With the few symbols on a long-strided axis, the softmax runs over whole vectors of draws at once.
    by_symbol = logits.permute(2, 0, 1).contiguous()

    def entropy(factor: float) -> float:
        scaled = (by_symbol * factor).log_softmax(0)
        return float(-(scaled.exp() * scaled).sum((0, 2)).mean())

    low, high = 1.0, 64.0
    if entropy(low) <= conditional_entropy:
        return low
    while high / low > 1.001:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if entropy(middle) > conditional_entropy else (low, middle)
    return high


def calibrate_both(model: DualVAE, settings: CalibrationSettings | None, *, seed: int, device: str) -> None:
    """Calibrate both halves of a run with streams of their own; without settings nothing is done."""
    if settings is not None:
        for name, half in (("a", model.vae_a), ("b", model.vae_b)):
            calibrate(half, settings, generator=stream(seed, f"calibration {name}", device=device))


@torch.no_grad()
def calibrate(half: VAE, settings: CalibrationSettings, *, generator: torch.Generator) -> None:
    """Shift and scale the logits of a half's decoder in place."""
    draw = stratified_draws if settings.sweeps else torch.randn
    z = draw(settings.draws, half.latent_dim, generator=generator, device=generator.device)
    logits = torch.cat([half.decode_logits(part).cpu() for part in torch.split(z, DECODED_AT_ONCE)])
    if settings.sweeps:
        offsets = torch.zeros_like(logits[0])
        # An entry at a time, so that what is sorted is not held of all of them at once.
        for cell, base in enumerate(half.space.bases):
            offsets[cell, :base] = uniform_offsets(logits[:, [cell], :base], sweeps=settings.sweeps)[0]
        bias = half.decoder.last_layer.bias
        bias.add_(offsets.flatten().to(bias))
        logits = logits + offsets
    if settings.conditional_entropy is not None:
        factor = sharpening_factor(logits, conditional_entropy=settings.conditional_entropy)
        half.decoder.sharpen(factor)


def stratified_draws(
    n: int, latent_dim: int, *, generator: torch.Generator, device: torch.device
) -> Float[Tensor, "n d"]:
    r"""Prior draws, each coordinate of which falls into every one of n equally likely intervals once.

    .. math:: z_{ri} = \Phi^{-1}((\pi_i(r) + u_{ri}) / n)

    Shares of symbols that follow one latent each then scatter by 1/n and not by the root of it: a Latin
    hypercube.

    Source:
        McKay, Beckman & Conover 1979, Technometrics 21, 239.
    """
    orders = [torch.randperm(n, generator=generator, device=device) for _ in range(latent_dim)]
    u = torch.rand(n, latent_dim, generator=generator, device=device)
    half_a_step = torch.finfo(u.dtype).eps / 2
    z: Tensor = torch.special.ndtri(((torch.stack(orders, 1) + u) / n).clamp(half_a_step, 1 - half_a_step))
    return z
