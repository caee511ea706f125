"""The sizes of a dual VAE, validated; the defaults are those of the original system."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fluxttice_core.operations.space import OperationSpace

Width = Annotated[int, Field(ge=1, le=4096)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)]


class Architecture(BaseModel):
    """The space and the layer widths of a dual VAE.

    Attributes:
        base: Values that a table entry can take.
        arity: Inputs of an operation.
        latent_dim: Dimensions of each half's latent.
        encoder_widths: Hidden widths of both encoders.
        exploratory_widths: Hidden widths of decoder A.
        consolidating_width: Width of decoder B's residual stream.
        consolidating_blocks: Residual blocks of decoder B.

    Example:
        >>> Architecture().space.size
        19683
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
    def space(self) -> OperationSpace:
        """The operations that the network is about."""
        return OperationSpace(base=self.base, arity=self.arity)
