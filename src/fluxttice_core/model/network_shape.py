"""The layer widths of a dual VAE, validated, and the tensors that they make: needs no numerical library."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Width = Annotated[int, Field(ge=1, le=4096)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)]
Scheme = Literal["independent", "mirrored"]
"""How weights are first drawn. `independent`: uniform within 1/sqrt(inputs), as the original system.
`mirrored`: see `fluxttice_core.model.initialisation.mirror`."""

_STATENET = (9, 32, 8, 4)
"""Observations, hidden width, code and corrections of StateNet, which are the same for every network."""


class NetworkShape(BaseModel):
    """The layer widths of a dual VAE; the defaults are those of the original system.

    Attributes:
        base: Values that a table entry can take.
        arity: Inputs of an operation.
        latent_dim: Dimensions of each half's latent.
        encoder_widths: Hidden widths of both encoders.
        exploratory_widths: Hidden widths of decoder A.
        consolidating_width: Width of decoder B's residual stream.
        consolidating_blocks: Residual blocks of decoder B.

    Example:
        >>> NetworkShape().latent_dim
        16
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: int = Field(default=3, ge=2, le=4)
    arity: int = Field(default=2, ge=1, le=4)
    latent_dim: Annotated[int, Field(ge=1, le=256)] = 16
    encoder_widths: Widths = (256, 128, 64)
    exploratory_widths: Widths = (32, 64)
    consolidating_width: Width = 128
    consolidating_blocks: Annotated[int, Field(ge=0, le=16)] = 2

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor of the network, known without building it.

        Example:
            >>> NetworkShape().tensor_shapes["decoder_B.fc_out.weight"]
            (27, 128)
        """
        cells = self.base**self.arity
        logits, width = self.base * cells, self.consolidating_width
        found: dict[str, tuple[int, ...]] = {"grad_norm_A_ema": (), "grad_norm_B_ema": ()}
        for half in "AB":
            encoder = f"encoder_{half}"
            found |= _chain(f"{encoder}.encoder", cells, *self.encoder_widths)
            for end in ("fc_mu", "fc_logvar"):
                found |= _linear(f"{encoder}.{end}", self.encoder_widths[-1], self.latent_dim)
        found |= _chain("decoder_A.decoder", self.latent_dim, *self.exploratory_widths, logits)
        found |= _linear("decoder_B.fc_in", self.latent_dim, width)
        for block in range(1, self.consolidating_blocks + 1):
            found |= _chain(f"decoder_B.residual{block}.block", width, width, width)
        found |= _linear("decoder_B.fc_out", width, logits)
        return found | _statenet_shapes()


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _chain(name: str, *widths: int) -> dict[str, tuple[int, ...]]:
    """Linear layers one after the other, an activation between any two."""
    found: dict[str, tuple[int, ...]] = {}
    for layer, (inputs, outputs) in enumerate(pairwise(widths)):
        found |= _linear(f"{name}.{2 * layer}", inputs, outputs)
    return found


def _statenet_shapes() -> dict[str, tuple[int, ...]]:
    observed, hidden, code, corrected = _STATENET
    return {
        **_linear("state_net.encoder.0", observed, hidden),
        # The normalisation between them.
        "state_net.encoder.1.weight": (hidden,),
        "state_net.encoder.1.bias": (hidden,),
        **_linear("state_net.encoder.3", hidden, code),
        **_chain("state_net.decoder", code, hidden, corrected),
    }
