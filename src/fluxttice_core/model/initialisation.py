"""How fresh weights are drawn: independently, or mirrored so that every network starts as a linear map."""

import math

import torch
from torch import Tensor, nn

from fluxttice_core.model.decoder import ConsolidatingDecoder, Decoder, ExploratoryDecoder, ResidualBlock
from fluxttice_core.model.encoder import Encoder
from fluxttice_core.model.network_shape import CERTAIN, Scheme
from fluxttice_core.model.thresholds import FRESH_SLOPE, BoxEncoder, TableDecoder, Thresholds

DECODER_GAIN = 2.0
"""Mirrored decoders start steeper than isometric, so that their first outputs are no coin tosses."""
LOGVAR_GAIN, LOGVAR_BIAS = 0.1, -1.0
"""Mirrored encoders start with narrow posteriors of nearly the same width everywhere."""


@torch.no_grad()
def initialise(module: nn.Module, generator: torch.Generator, scheme: Scheme) -> None:
    """Draw every weight of a network afresh, in place."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            bound = 1.0 / math.sqrt(part.in_features)
            part.weight.uniform_(-bound, bound, generator=generator)
            part.bias.uniform_(-bound, bound, generator=generator)
        elif isinstance(part, nn.LayerNorm):
            part.weight.fill_(1.0)
            part.bias.fill_(0.0)
        elif isinstance(part, Thresholds):
            _draw_table(part, generator)
        elif isinstance(part, TableDecoder):
            part.slope.fill_(FRESH_SLOPE)
    if scheme == "mirrored":
        for part in module.modules():
            if isinstance(part, Encoder):
                _mirror_encoder(part, generator)
            elif isinstance(part, Decoder) and not isinstance(part, TableDecoder):
                _mirror_decoder(part, generator)


def _draw_table(table: Thresholds, generator: torch.Generator) -> None:
    cuts = table.cuts.normal_(generator=generator)
    for base, start, rows in zip(table.bases, table.starts, table.places, strict=True):
        cuts[start : start + rows, base - 1 :] = CERTAIN
    table.cuts.copy_(cuts.sort(-1).values)


def _mirror_encoder(encoder: Encoder, generator: torch.Generator) -> None:
    mirror([*_linear(encoder.encoder), encoder.fc_mu], generator)
    if isinstance(encoder, BoxEncoder):  # which starts from the middle of each box
        encoder.fc_mu.weight.mul_(LOGVAR_GAIN)
    encoder.fc_logvar.weight.mul_(LOGVAR_GAIN)
    encoder.fc_logvar.bias.fill_(LOGVAR_BIAS)


def _mirror_decoder(decoder: Decoder, generator: torch.Generator) -> None:
    if isinstance(decoder, ExploratoryDecoder):
        mirror(_linear(decoder.decoder), generator)
    elif isinstance(decoder, ConsolidatingDecoder):
        mirror([decoder.fc_in, decoder.fc_out], generator)
        for block in decoder.children():
            if isinstance(block, ResidualBlock):
                block.close()
    decoder.last_layer.weight.mul_(DECODER_GAIN)


def _linear(layers: nn.Sequential) -> list[nn.Linear]:
    return [layer for layer in layers if isinstance(layer, nn.Linear)]


@torch.no_grad()
def mirror(layers: list[nn.Linear], generator: torch.Generator) -> None:
    r"""Make layers joined by ReLUs compute a linear map: each hidden unit gets a partner of the other sign.

    .. math:: W_1 = \begin{pmatrix} M \\ -M \end{pmatrix}, \quad
        W_k = \begin{pmatrix} M & -M \\ -M & M \end{pmatrix}, \quad W_n = (N, -N)

    with orthogonal M and N and biases 0, so that max(0, x) - max(0, -x) = x passes through. The last unit of
    an odd hidden width has no partner and starts at 0.

    Source:
        Balduzzi et al. 2017 ("looks-linear" initialisation).
    """
    for position, layer in enumerate(layers):
        first, last = position == 0, position == len(layers) - 1
        outputs = layer.out_features if last else layer.out_features // 2
        inputs = layer.in_features if first else layer.in_features // 2
        matrix = _orthogonal(outputs, inputs, generator)
        if not first:
            matrix = torch.cat([matrix, -matrix], 1)
        if not last:
            matrix = torch.cat([matrix, -matrix], 0)
        layer.weight.zero_()
        layer.weight[: matrix.shape[0], : matrix.shape[1]] = matrix
        layer.bias.zero_()


def _orthogonal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    matrix = torch.empty(rows, columns)
    if rows and columns:
        nn.init.orthogonal_(matrix, generator=generator)
    return matrix
