"""What clients may send: the bodies and query strings of requests, with their bounds."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    WithJsonSchema,
    model_validator,
)

from fluxttice_core.model.halves import HalfName
from fluxttice_core.operations.vocabulary import EXPORTS, PROPERTIES, SYMMETRIES
from fluxttice_core.server.errors import shorten
from fluxttice_core.server.limits import (
    BATCH,
    DRAWS,
    LARGEST_LATENT,
    LARGEST_SEED,
    PAGE_SIZE,
    TEXT_LENGTH,
)

OPERATIONS = 19_683
TRITS = 9
LATENTS = 16
MODELS: dict[str, HalfName] = {"fluxttice-a": "a", "fluxttice-b": "b"}
"""The name of each half in the API."""


def _among(known: Iterable[str]) -> tuple[AfterValidator, WithJsonSchema]:
    """What makes a text one of some names."""
    names = tuple(known)

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"there is no {shorten(name)!r}: choose among {', '.join(names)}")
        return name

    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(names)})


PropertyName = Annotated[str, *_among(term.name for term in PROPERTIES)]
SymmetryName = Annotated[str, *_among(term.name for term in SYMMETRIES)]
FormName = Annotated[str, *_among(EXPORTS)]


_PATTERN = r"^([-0+? ]{3}/?){3}$"


def _require_pattern(text: str) -> str:
    if re.fullmatch(_PATTERN.strip("^$"), text):
        return text
    raise ValueError(
        f"{shorten(text)!r} is no pattern: give nine of -, 0, + and, for any value, ?, such as ---/-??/-?+, "
        "in an address with %2B for + and %3F for ?"
    )


Pattern = Annotated[str, AfterValidator(_require_pattern), Field(json_schema_extra={"pattern": _PATTERN})]


def list_of(items: dict[str, Any], least: int, most: int | None = None) -> dict[str, Any]:
    """The schema of a list; of `least` items, unless `most` says otherwise."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most or least}


_TEXT: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": TEXT_LENGTH,
    "description": "A name such as `min`, glyphs such as `----00-0+`, an index such as `15633`, or a "
    "heptavintimal name such as `7PB`.",
}
NULL: dict[str, Any] = {"type": "null"}
_INDEX: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": OPERATIONS - 1}
_TRIT = {"type": "integer", "enum": [-1, 0, 1]}
_TABLE = list_of(_TRIT, TRITS)
_TRITS = {**_TABLE, "description": "One operation as its 9 trits, the first input slowest."}
NUMBER = {"type": "number", "minimum": -LARGEST_LATENT, "maximum": LARGEST_LATENT}
_LATENT = list_of(NUMBER, LATENTS)
_BASE64: dict[str, Any] = {
    "type": "string",
    "description": f"Base64 of {LATENTS} little-endian float32 numbers, as embeddings give them.",
    "minLength": 86,
    "maxLength": 88,
}


def batch_of(items: dict[str, Any]) -> dict[str, Any]:
    """The schema of a batch."""
    return list_of(items, 1, BATCH)


INPUT_SCHEMA: dict[str, Any] = {"anyOf": [_TEXT, batch_of(_TEXT), _TRITS, batch_of(_TRITS)]}
OPERATION_SCHEMA: dict[str, Any] = {"anyOf": [_TEXT, _INDEX, _TABLE, list_of(list_of(_TRIT, 3), 3), NULL]}
LATENTS_SCHEMA: dict[str, Any] = {"anyOf": [_LATENT, batch_of(_LATENT), _BASE64, batch_of(_BASE64)]}


def _require_whole(value: Any) -> Any:
    """Let whole numbers through, 1.0 among them as in JSON, but neither true nor "1"."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return value
    raise ValueError("must be a whole number")


WHOLE = BeforeValidator(_require_whole)
WHICH_HALF = Field(
    description="Which half of the model.",
    json_schema_extra={"enum": list(MODELS)},
    examples=["fluxttice-b"],
)


def one_start(key: str, start: Any, latent: Any, by: str) -> None:
    """Refuse neighbours of nothing, of two things, or of a latent by what only elements have."""
    if (start is None) == (latent is None):
        raise ValueError(f"give either {key} or latent: one of them says where to start")
    if latent is not None and by == "hamming":
        raise ValueError("a latent has no cells to compare: decode it first, or ask by latent")


class Asked(BaseModel):
    """What a client asks, without anything unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EmbeddingRequest(Asked):
    """Operations to be embedded."""

    model: Annotated[StrictStr, WHICH_HALF]
    input: Any = Field(
        description="One operation or a batch. A flat list of numbers is one operation.",
        json_schema_extra=INPUT_SCHEMA,
        examples=[["----00-0+", "min", "15633"]],
    )
    encoding_format: Literal["float", "base64"] | None = Field(
        None, description="`base64` is of little-endian float32; `float`, the default, a list of numbers."
    )
    dimensions: Any = Field(
        None,
        description=f"Only {LATENTS} can be asked for: latents have no order of importance, so that a "
        "shortened vector would be another code.",
        json_schema_extra={"anyOf": [{"type": "integer", "enum": [LATENTS]}, NULL]},
    )
    user: StrictStr | None = Field(None, description="Accepted and not looked at.")


class DecodeRequest(Asked):
    """Latents to be decoded."""

    model: Annotated[StrictStr, WHICH_HALF]
    latents: Any = Field(
        description="One latent or a batch.", json_schema_extra=LATENTS_SCHEMA, examples=[[[0.0] * LATENTS]]
    )
    probabilities: StrictBool = Field(
        False, description="Whether to give the probabilities of -1, 0 and +1 for each cell."
    )


class SampleRequest(Asked):
    """Draws from the prior."""

    model: Annotated[StrictStr, WHICH_HALF]
    n: Annotated[int, Field(ge=1, le=DRAWS, description="Number of draws.", examples=[1000]), WHOLE] = 1_000
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED), WHOLE] | None = Field(
        None,
        description="Seed of the draws: the same seed and n give the same operations. Without one, the "
        "server picks a seed and says which.",
        examples=[0],
    )


class NeighbourRequest(Asked):
    """An operation or a latent whose neighbours are wanted."""

    operation: Any = Field(
        None, description="The operation to start from.", json_schema_extra=OPERATION_SCHEMA, examples=["min"]
    )
    latent: Any = Field(
        None,
        description="The latent to start from, instead of an operation.",
        json_schema_extra={"anyOf": [_LATENT, _BASE64, NULL]},
    )
    by: Literal["latent", "hamming"] = Field(
        "latent",
        description="`latent`: Euclidean distance of posterior means. `hamming`: cells that differ.",
    )
    model: Annotated[StrictStr, WHICH_HALF] = "fluxttice-b"
    limit: Annotated[int, Field(ge=1, le=PAGE_SIZE, description="Number of neighbours."), WHOLE] = 20

    @model_validator(mode="after")
    def _one_start(self) -> "NeighbourRequest":
        one_start("operation", self.operation, self.latent, self.by)
        return self


class ExportQuery(Asked):
    """The form in which an operation is wanted."""

    form: FormName = Field(
        description="Verilog is a module with two bits a trit, and its bench.", examples=["verilog"]
    )


class SearchQuery(Asked):
    """Which operations to list, and which page of the list."""

    having: tuple[PropertyName, ...] = Field(
        (),
        alias="property",
        max_length=len(PROPERTIES),
        description="A property that they have; may be repeated.",
    )
    lacking: tuple[PropertyName, ...] = Field(
        (), alias="not", max_length=len(PROPERTIES), description="A property that they lack; may be repeated."
    )
    near: str | None = Field(
        None,
        min_length=1,
        max_length=TEXT_LENGTH,
        description="The operation from which distances are counted, the nearest first. + is %2B.",
        examples=["min"],
    )
    within: int | None = Field(None, ge=0, le=TRITS, description="At most so many cells apart from `near`.")
    matching: Pattern | None = Field(
        None,
        description="The table that they have, with ? for any value. + is %2B, ? is %3F.",
        examples=["---/-??/-?+"],
    )
    one_of_each: SymmetryName | None = Field(
        None, description="Only the first operation of each class of this symmetry."
    )
    named: bool = Field(False, description="Only operations that have a name.")
    page: int = Field(1, ge=1, le=OPERATIONS, description="Which page, from 1.")
    page_size: int = Field(100, ge=1, le=PAGE_SIZE, description="Operations on a page.")

    @model_validator(mode="after")
    def _consistent(self) -> "SearchQuery":
        both = sorted(set(self.having) & set(self.lacking))
        if both:
            raise ValueError(f"{both[0]} is asked for and ruled out: leave it out of one of the two")
        if self.within is not None and self.near is None:
            raise ValueError("within counts cells from an operation: say which with near")
        return self

    @property
    def wanted(self) -> dict[str, bool]:
        """For each property that was named, whether it is wanted."""
        return dict.fromkeys(self.having, True) | dict.fromkeys(self.lacking, False)
