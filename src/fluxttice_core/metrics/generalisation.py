"""What a code does beyond giving back its own operation: noise, symmetry, composition, lines, arithmetic."""

from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.decoding import decode_positions, indices_of, positions_of
from fluxttice_core.metrics.posterior import encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean
from fluxttice_core.shapes import Float, Int64, UInt8

_STEPS = 11
_MOST_PERMUTED = 4


@dataclass(frozen=True)
class NoiseResponse:
    """Shares of tables with flipped cells that decode to the flipped table, and to that before the flips."""

    to_given: float
    to_clean: float


@dataclass(frozen=True)
class SymmetryResponse:
    """What permuting symbols does: share of tables given back, and least R^2 of an affine map of codes."""

    exact: float
    linear_fit: float


def composition_accuracy(model: Autoencoder, first: Int64[Tensor, "n"], second: Int64[Tensor, "n"]) -> float:
    r"""Share of cell-wise sums of two operations whose own codes give them back.

    .. math:: x_p = (\mathrm{position}_p(a) + \mathrm{position}_p(b)) \bmod b_p

    It shows that the code knows operations made from others, not that the latents add.

    Example:
        >>> import fluxttice_core as fx
        >>> rows = torch.arange(100)
        >>> composition_accuracy(fx.evaluation.QuantileLookup(fx.OperationSpace()), rows, rows.flip(0))
        1.0
    """
    space = model.space
    summed = (positions_of(space, first) + positions_of(space, second)) % torch.tensor(space.bases)
    return reconstruction_from_mean(model, indices_of(summed, space)).table_accuracy


def noise_response(
    model: Autoencoder, rows: Int64[Tensor, "n"], *, flips: int, generator: torch.Generator
) -> NoiseResponse:
    """Change some cells of each clean table to another symbol, encode and decode.

    Every table is an operation in its own right, so that an exact code gives back what it was given.

    Raises:
        MeasurementError: If the flips are not between 1 and the number of cells.

    Example:
        >>> import fluxttice_core as fx
        >>> g, oracle = torch.Generator().manual_seed(0), fx.evaluation.QuantileLookup(fx.OperationSpace())
        >>> noise_response(oracle, torch.arange(100), flips=2, generator=g)
        NoiseResponse(to_given=1.0, to_clean=0.0)
    """
    space = model.space
    if not 1 <= flips <= space.cells:
        raise MeasurementError(
            f"cannot flip {flips} of {space.cells} cells: give 1 to {space.cells}", "out_of_range"
        )
    clean = positions_of(space, rows)
    chosen = torch.rand(clean.shape, generator=generator).argsort(1)[:, :flips]
    bases = torch.tensor(space.bases)
    change = torch.randint(1, space.base, chosen.shape, generator=generator)
    change = change if space.is_even else 1 + (change - 1) % (bases[chosen] - 1)
    given = (clean + torch.zeros_like(clean).scatter(1, chosen, change)) % bases
    decoded = _decoded(model, _means(model, indices_of(given, space)))
    return NoiseResponse(_same(decoded, given), _same(decoded, clean))


def symmetry_response(model: Autoencoder, rows: Int64[Tensor, "n"]) -> SymmetryResponse:
    """Permute the symbols of tables in every way, and fit the change of the codes by an affine map.

    The map is fitted on the first half of the rows and judged on the others.

    Raises:
        MeasurementError: If there are fewer than twice as many rows as the map has unknowns, or the
            alphabets differ or have more than four symbols, whose permutations are too many.

    Example:
        >>> import fluxttice_core as fx
        >>> oracle = fx.evaluation.QuantileLookup(fx.OperationSpace())
        >>> symmetry_response(oracle, torch.arange(0, 19683, 50)).exact
        1.0
    """
    half, space = len(rows) // 2, model.space
    if not space.is_even or space.base > _MOST_PERMUTED:
        raise MeasurementError(
            f"the symbols of {space.describe()} cannot all be permuted alike: this is offered for one "
            f"alphabet of up to {_MOST_PERMUTED} symbols",
            "unsupported",
        )
    if half < 2 * (model.latent_dim + 1):
        raise MeasurementError("too few operations to fit a map of codes: give more of them", "too_few")
    codes = _means(model, rows)
    before = torch.cat((codes, torch.ones(len(codes), 1)), dim=1).double()
    exact, fits = [], []
    for order in list(permutations(range(space.base)))[1:]:
        positions = torch.tensor(order)[positions_of(space, rows)]
        after = _means(model, indices_of(positions, space))
        exact.append(_same(_decoded(model, after), positions))
        target = after.double()
        fitted = torch.linalg.lstsq(before[:half], target[:half]).solution
        error = (target[half:] - before[half:] @ fitted).square().sum()
        spread = (target[half:] - target[half:].mean(0)).square().sum()
        fits.append(1 - float(error / spread))
    return SymmetryResponse(sum(exact) / len(exact), min(fits))


def interpolation_betweenness(
    model: Autoencoder, first: Int64[Tensor, "n"], second: Int64[Tensor, "n"]
) -> float:
    r"""Share of segments between two codes on which every cell goes from one symbol to the other in order.

    At 11 points :math:`(1 - t)\,\mu(a) + t\,\mu(b)` each cell must start at its symbol in a, end at
    that in b, and never turn back.

    Example:
        >>> import fluxttice_core as fx
        >>> rows = torch.arange(100)
        >>> interpolation_betweenness(fx.evaluation.QuantileLookup(fx.OperationSpace()), rows, rows + 9000)
        1.0
    """
    start, end = _means(model, first), _means(model, second)
    path = torch.stack([_decoded(model, torch.lerp(start, end, k / (_STEPS - 1))) for k in range(_STEPS)])
    a, b = positions_of(model.space, first), positions_of(model.space, second)
    moves = path.long().diff(dim=0) * (b - a).sign()
    ordered = ((moves > 0) | (path.diff(dim=0) == 0)).all(0).all(1)
    joined = (path[0] == a).all(1) & (path[-1] == b).all(1)
    return float((ordered & joined).double().mean())


def arithmetic_accuracy(
    model: Autoencoder, a: Int64[Tensor, "n"], b: Int64[Tensor, "n"], c: Int64[Tensor, "n"]
) -> float:
    r"""Share of cells that :math:`\mu(a) - \mu(b) + \mu(c)` decodes as a - b + c, where that is a symbol.

    Raises:
        MeasurementError: If no cell of a - b + c is a symbol.

    Example:
        >>> import fluxttice_core as fx
        >>> rows = torch.arange(100)
        >>> arithmetic_accuracy(fx.evaluation.QuantileLookup(fx.OperationSpace()), rows, rows + 9, rows + 700)
        1.0
    """
    space = model.space
    expected = positions_of(space, a) - positions_of(space, b) + positions_of(space, c)
    possible = (expected >= 0) & (expected < torch.tensor(space.bases))
    if not possible.any():
        raise MeasurementError("no cell of a - b + c is a symbol: give other operations", "undefined")
    z = _means(model, a) - _means(model, b) + _means(model, c)
    return float((_decoded(model, z) == expected)[possible].double().mean())


def _means(model: Autoencoder, rows: Int64[Tensor, "n"]) -> Float[Tensor, "n d"]:
    return encode_rows(model, rows).mu.float()


def _decoded(model: Autoencoder, z: Float[Tensor, "n d"]) -> UInt8[Tensor, "n cells"]:
    with torch.inference_mode():
        return decode_positions(model.decode_logits(z))


def _same(decoded: Tensor, expected: Tensor) -> float:
    return float((decoded == expected).all(-1).double().mean())
