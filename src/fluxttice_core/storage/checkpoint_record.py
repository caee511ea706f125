"""What a checkpoint says about its weights: a closed list of fields, each checked."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    StringConstraints,
    Tag,
    model_validator,
)

from fluxttice_core.spaces.alphabets import alphabets_of

KIND = "fluxttice-dual-vae"
FORMAT_VERSION = 1
TARGET = "target.safetensors"
"""The file beside weights that lists the rows whose digest their record names."""
UNKNOWN = ("settings", "seed", "split")
"""What the original's files do not record; so nothing can be claimed about rows held out from training."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$")]
Count = Annotated[int, Field(ge=0, lt=1 << 63)]
Seed = Annotated[int, Field(ge=-(1 << 63), lt=1 << 64)]


class Record(BaseModel):
    """A record from a file, whose fields are all known and of exactly their types."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class OperationsRecord(Record):
    """The space of operations: tables of `base ** arity` symbols out of `base`."""

    base: int = Field(ge=2, le=4)
    arity: int = Field(ge=1, le=4)

    @model_validator(mode="after")
    def _fits(self) -> "OperationsRecord":
        if self.base ** (self.base**self.arity) >= 1 << 64:
            raise ValueError("the space does not fit 64 bits")
        return self


class WordsRecord(Record):
    """A space of words, by its name."""

    name: Annotated[str, StringConstraints(max_length=200)]

    @model_validator(mode="after")
    def _named(self) -> "WordsRecord":
        alphabets_of(self.name)
        return self


def _kind_of(given: Any) -> str:
    """Which kind of space is given, as plain values or as the record of them."""
    named = "name" in given if isinstance(given, dict) else isinstance(given, WordsRecord)
    return "words" if named else "operations"


class SplitRecord(Record):
    """The rows that the run trained on, by the split's seed and digest."""

    seed: Seed
    digest: Sha256


class CheckpointRecord(Record):
    """Where weights come from; None stands for "not recorded", as in checkpoints of other programs."""

    format_version: Literal[1]
    kind: Literal["fluxttice-dual-vae"]
    space: Annotated[
        Annotated[OperationsRecord, Tag("operations")] | Annotated[WordsRecord, Tag("words")],
        Discriminator(_kind_of),
    ]
    architecture: dict[str, JsonValue]
    recipe: Name | None
    epoch: Count
    steps: Count | None
    seed: Seed | None
    trained: bool
    settings_digest: Sha256 | None
    split: SplitRecord | None
    rho: float | None = Field(default=None, ge=0, le=1)
    tensor_digest: Sha256
    torch_version: Name
    progress: dict[str, JsonValue] = Field(default_factory=dict)
    target_sha256: Annotated[Sha256 | None, Field(exclude_if=lambda digest: digest is None)] = None


class FileRecord(Record):
    """Size and SHA-256 of a tensor file."""

    bytes: Count
    sha256: Sha256


class Manifest(Record):
    """The content of `checkpoint.json`; `digest` is over the canonical JSON of the other two."""

    digest: Sha256
    files: dict[str, FileRecord]
    record: CheckpointRecord
