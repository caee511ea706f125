"""The layer widths of a dual VAE, validated, and the tensors that they make: needs no numerical library."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from operator import mul
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from fluxttice_core.spaces.alphabets import alphabets_of
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT, OPERATIONS, SYMBOLS

Width = Annotated[int, Field(ge=1, le=4096)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=8)]
Scheme = Literal["independent", "mirrored"]
"""How weights are first drawn. `independent`: uniform within 1/sqrt(inputs), as the original system.
`mirrored`: see `fluxttice_core.model.initialisation.mirror`."""

NEVER = -1e4
"""Logit of a class that a position has not: its probability is exactly 0 in single precision."""

CERTAIN = 10.0
"""A threshold at this distance or more is one that no latent passes."""

FARTHEST = 12.0
"""How far a symbol's logit falls below the greatest where decoders read a table: what lies beyond a wall
costs nats, not endlessly many, and a symbol that never comes has a probability of 6e-6."""

OPEN_SIDE, NARROWEST = 2.0, 1e-6
"""Where a box of latents that is open to one side ends, beyond 0, and the least width of any."""

LARGEST_TABLE = 2**20
"""Elements of the largest space whose decoders may read thresholds off a table."""

THRESHOLDS = "thresholds.cuts"
"""The tensor that the table is."""

_MOST_INPUTS = 4

_STATENET = (9, 32, 8, 4)
"""Observations, hidden width, code and corrections of StateNet, which are the same for every network."""


class NetworkShape(BaseModel):
    """The layer widths of a dual VAE; the defaults are those of the original system.

    A network of operations reads each table entry as a number, one of words reads each letter one-hot.

    Attributes:
        space_name: Called `space` in recipes: name of a space of words; none: operations, by base and arity.
        base: Values that a table entry of an operation can take.
        arity: Inputs of an operation.
        latent_dim: Dimensions of each half's latent; not given: 16, or one a position where those are more.
            Widths that are not given follow where latents are more, or the elements are too many to list.
        encoder_widths: Hidden widths of both encoders.
        exploratory_widths: Hidden widths of decoder A.
        consolidating_width: Width of decoder B's residual stream.
        consolidating_blocks: Residual blocks of decoder B.
        decoders: `networks`, or `table`: both halves read the thresholds of an entry's symbols off one table,
            by the symbols of the entries before it, and encoders read where these put an element.

    Example:
        >>> NetworkShape().latent_dim, NetworkShape(space="dna:20").latent_dim
        (16, 20)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    space_name: str | None = Field(default=None, alias="space", max_length=200)
    base: int = Field(default=3, ge=2, le=4)
    arity: int = Field(default=2, ge=1, le=_MOST_INPUTS)
    latent_dim: Annotated[int, Field(ge=1, le=256)] = 16
    encoder_widths: Widths = (256, 128, 64)
    exploratory_widths: Widths = (32, 64)
    consolidating_width: Width = 128
    consolidating_blocks: Annotated[int, Field(ge=0, le=16)] = 2
    decoders: Annotated[
        Literal["networks", "table"], Field(exclude_if=lambda kind: bool(kind == "networks"))
    ] = "networks"

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        """Operations by base and arity, also where they are named; latents enough for every position."""
        if not isinstance(values, Mapping):
            return values
        plain = dict(values)
        if plain.get("space") is None:
            base, arity = plain.get("base", 3), plain.get("arity", 2)
            offered = base in tuple(SYMBOLS) and arity in range(1, _MOST_INPUTS + 1)
            bases = (int(base),) * int(base) ** int(arity) if offered else ()
            return {**_sizes(bases, plain), **plain} if _is_wide(bases) else plain
        if {"base", "arity"} & set(plain):
            raise ValueError("give a space by its name, or by base and arity, not both")
        name, _, inputs = str(plain["space"]).lower().partition(":")
        if name in OPERATIONS and inputs.isdecimal():
            base, arity = OPERATIONS[name], int(inputs)
            plain |= {"space": None, "base": base, "arity": arity}
            bases = (base,) * base ** min(arity, _MOST_INPUTS)
        else:
            bases = tuple(map(len, alphabets_of(str(plain["space"]))))
        return {**_sizes(bases, plain), **plain}

    @model_validator(mode="after")
    def _offered(self) -> "NetworkShape":
        if self.space_name is not None:
            alphabets_of(self.space_name)
        if self.decoders == "table" and math.prod(self.bases) > LARGEST_TABLE:
            raise ValueError(
                f"decoders that read a table are of spaces of at most {LARGEST_TABLE:,} elements: choose a "
                "smaller space, or decoders: networks"
            )
        if self.decoders == "table" and self.latent_dim < self.cells:
            raise ValueError(
                f"decoders that read a table give each of {self.cells} entries a latent of its own: raise "
                f"latent_dim to {self.cells} or more"
            )
        return self

    @model_serializer(mode="wrap")
    def _plain(self, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """A space is said once, so that what was recorded of operations keeps its digest."""
        values = handler(self)
        name = values.pop("space_name", None) or values.pop("space", None)
        if name is None:
            return values
        return {"space": name} | {key: value for key, value in values.items() if key not in ("base", "arity")}

    @property
    def bases(self) -> tuple[int, ...]:
        """Symbols of each position."""
        if self.space_name is None:
            return (self.base,) * int(self.base**self.arity)
        return tuple(map(len, alphabets_of(self.space_name)))

    @property
    def lowest(self) -> int:
        """The smallest symbol of an entry."""
        return SYMBOLS[self.base][0] if self.space_name is None else 0

    @property
    def cells(self) -> int:
        """Positions of an element."""
        return len(self.bases)

    @property
    def classes(self) -> int:
        """Logits of a position: the symbols of the largest alphabet."""
        return max(self.bases)

    @property
    def inputs(self) -> int:
        """Numbers that an encoder reads: one an entry of an operation, one a letter of each alphabet.

        Beside a table, two an entry: where it puts the entry's symbol.
        """
        if self.decoders == "table":
            return 2 * self.cells
        return self.cells if self.space_name is None else sum(self.bases)

    @property
    def prefixes(self) -> tuple[int, ...]:
        """How many ways there are to fill the entries before each, and before the end.

        Example:
            >>> NetworkShape(space="dna:3").prefixes
            (1, 4, 16, 64)
        """
        return tuple(accumulate(self.bases, mul, initial=1))

    @property
    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor of the network, known without building it.

        Example:
            >>> NetworkShape().tensor_shapes["decoder_B.fc_out.weight"]
            (27, 128)
        """
        logits, width = self.classes * self.cells, self.consolidating_width
        found: dict[str, tuple[int, ...]] = {"grad_norm_A_ema": (), "grad_norm_B_ema": ()}
        for half in "AB":
            encoder = f"encoder_{half}"
            found |= _chain(f"{encoder}.encoder", self.inputs, *self.encoder_widths)
            for end in ("fc_mu", "fc_logvar"):
                found |= _linear(f"{encoder}.{end}", self.encoder_widths[-1], self.latent_dim)
        if self.decoders == "table":
            found[THRESHOLDS] = (sum(self.prefixes[:-1]), self.classes - 1)
            return found | {f"decoder_{half}.slope": (1,) for half in "AB"} | _statenet_shapes()
        found |= _chain("decoder_A.decoder", self.latent_dim, *self.exploratory_widths, logits)
        found |= _linear("decoder_B.fc_in", self.latent_dim, width)
        for block in range(1, self.consolidating_blocks + 1):
            found |= _chain(f"decoder_B.residual{block}.block", width, width, width)
        found |= _linear("decoder_B.fc_out", width, logits)
        return found | _statenet_shapes()


def _is_wide(bases: Sequence[int]) -> bool:
    return len(bases) > 16 or math.prod(bases) > ENUMERATION_LIMIT


def _sizes(bases: Sequence[int], given: Mapping[str, Any]) -> dict[str, Any]:
    """Sizes that are not given: wider for many positions, since mirrored layers pass half their width."""
    due = max(16, len(bases))
    if not _is_wide(bases):
        return {"latent_dim": due}
    told = given.get("latent_dim")
    latent = min(told, 256) if isinstance(told, int) and told > due else due
    return {
        "latent_dim": due,
        "encoder_widths": (256, 128, max(64, 2 * latent)),
        "exploratory_widths": (4 * latent, max(128, 2 * latent)),
        "consolidating_width": max(128, 2 * latent),
    }


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
