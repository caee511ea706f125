"""What clients send and are told of elements other than the ternary operations, in the place of these."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictStr, create_model, model_validator, with_config
from typing_extensions import TypedDict

from fluxttice_core.server.api.requests import (
    NULL,
    NUMBER,
    WHICH_HALF,
    WHOLE,
    Asked,
    DecodeRequest,
    EmbeddingRequest,
    NeighbourRequest,
    batch_of,
    list_of,
    one_start,
)
from fluxttice_core.server.api.responses import (
    Code,
    DecodedList,
    ModelCard,
    ModelList,
    NeighbourList,
    SampleAnswer,
)
from fluxttice_core.server.limits import PAGE_SIZE, TEXT_LENGTH
from fluxttice_core.spaces.product_space import ProductSpace


@with_config(extra="allow")
class ElementRow(TypedDict):
    """One element, in short; a Boolean function also with its hexadecimal, names and NPN class."""

    object: Literal["element"]
    index: int
    string: str
    in_support: Annotated[
        bool, Field(description="Whether it is among the rows that the model was trained to reach.")
    ]


class DecodedElement(ElementRow):
    """The most likely element of a latent."""

    position: Annotated[int, Field(description="Position in the request.")]
    probability: Annotated[float, Field(description="p(element | latent), the product over its positions.")]
    probabilities: Annotated[
        list[list[float]] | None, Field(description="For each position, of its symbols; if asked for.")
    ]


class DecodedElements(TypedDict):
    """Decoded elements, in the order of the latents."""

    object: Literal["list"]
    model: str
    data: list[DecodedElement]


class SampledElements(TypedDict):
    """The elements at draws from the prior, each the most likely one."""

    object: Literal["sample"]
    model: str
    rule: Literal["argmax"]
    seed: int
    n: int
    distinct: Annotated[int, Field(description="Distinct elements drawn, outside of the support too.")]
    distinct_in_support: Annotated[
        int, Field(description="Distinct elements of the support drawn: the efficiency is this by `ceiling`.")
    ]
    ceiling: Annotated[
        float, Field(description="Distinct elements to expect of n draws from the target itself.")
    ]
    outside_support: Annotated[int, Field(description="Draws of elements outside of the support.")]
    elements: Annotated[list[int], Field(description="Indices, in the order drawn.")]


class NearElement(ElementRow):
    """An element near another, or near a latent."""

    distance: float


class NearElements(TypedDict):
    """Elements by rising distance, those equally far by index."""

    object: Literal["list"]
    by: Literal["latent", "hamming"]
    model: str | None
    element: Annotated[int | None, Field(description="The element started from, itself not listed.")]
    data: list[NearElement]


class ElementCode(Code):
    """What one half makes of an element."""

    string: Annotated[str, Field(description="What the mean is decoded to, as a string.")]
    probability: Annotated[float, Field(description="p(that element | the mean).")]


class ElementPortrait(ElementRow):
    """All that is known of one element."""

    split: Annotated[
        Literal["train", "validation", "held_out", "outside"] | None,
        Field(
            description="Which part of the model's split it is in, or outside of the support; if recorded."
        ),
    ]
    target: Annotated[float, Field(description="Its probability under the target of the training.")]
    codes: Annotated[dict[str, ElementCode], Field(description="By model.")]


class ListedElement(ElementRow):
    """An element on a page of a list."""

    distance: Annotated[int | None, Field(description="Positions that differ from `near`, if given.")]


class ElementPage(TypedDict):
    """One page of a list of elements."""

    object: Literal["list"]
    total: Annotated[int, Field(description="Elements on all pages.")]
    page: int
    page_size: int
    pages: int
    has_more: bool
    near: int | None
    data: list[ListedElement]


class ElementModelCard(TypedDict):
    """One half of the model."""

    id: str
    object: Literal["model"]
    created: Annotated[int, Field(description="When the model's file was written, in seconds since 1970.")]
    owned_by: str
    dimensions: int
    space: Annotated[str, Field(description="The name of the space that the model is about.")]
    elements: Annotated[int, Field(description="Elements of the space.")]
    support: Annotated[int, Field(description="Elements that the model was trained to reach.")]
    recipe: str | None
    epoch: int
    seed: int | None
    digest: Annotated[str, Field(description="SHA-256 of the weights of both halves.")]


class ElementModelList(TypedDict):
    """The two halves of the model."""

    object: Literal["list"]
    data: list[ElementModelCard]


class ElementQuery(Asked):
    """Which elements to list, and which page of the list."""

    matching: str | None = Field(
        None,
        min_length=1,
        max_length=2 * TEXT_LENGTH,
        description="The string that they have, with ? for any symbol. ? is %3F, + is %2B.",
    )
    near: str | None = Field(
        None,
        min_length=1,
        max_length=2 * TEXT_LENGTH,
        description="The element from which distances are counted, the nearest first. + is %2B.",
    )
    within: int | None = Field(None, ge=0, le=64, description="At most so many positions apart from `near`.")
    support: bool | None = Field(
        None, description="Only elements in the support, or only those outside of it."
    )
    page: int = Field(1, ge=1, le=2**20, description="Which page, from 1.")
    page_size: int = Field(100, ge=1, le=PAGE_SIZE, description="Elements on a page.")

    @model_validator(mode="after")
    def _consistent(self) -> "ElementQuery":
        if self.within is not None and self.near is None:
            raise ValueError("within counts positions from an element: say which with near")
        return self


def element_types(space: ProductSpace, latents: int) -> dict[Any, Any]:
    """What requests and answers about ternary operations are for another space, by the type they replace."""
    text = {
        "type": "string",
        "minLength": 1,
        "description": f"A string such as {space.string(space.size // 3)}.",
    }
    symbols = {"type": "integer", "minimum": space.lowest, "maximum": space.lowest + space.base - 1}
    table = list_of(symbols, space.cells)
    row, packed = list_of(NUMBER, latents), {"type": "string", "description": f"Base64 of {latents} float32."}
    index = {"type": "integer", "minimum": 0, "maximum": space.size - 1}

    def made(base: type, **fields: tuple[Any, Any]) -> type:
        return create_model(base.__name__, __base__=base, __doc__=base.__doc__, **fields)  # type: ignore[call-overload, no-any-return]

    def field(description: str, example: Any, *schemas: dict[str, Any]) -> Any:
        examples = None if example is None else [example]
        return Annotated[
            Any, Field(description=description, json_schema_extra={"anyOf": list(schemas)}, examples=examples)
        ]

    strings = space.strings([0, space.size // 3])
    only = f"Only {latents} can be asked for: latents have no order of importance."
    latent = field("One latent or a batch.", [[0.0] * latents], row, batch_of(row), packed, batch_of(packed))
    embedding = made(
        EmbeddingRequest,
        input=(field("One element or a batch.", strings, text, batch_of(text), table, batch_of(table)), ...),
        dimensions=(field(only, None, {"type": "integer", "enum": [latents]}, NULL), None),
    )
    neighbours = made(
        ElementNeighbourRequest,
        element=(field("The element to start from.", strings[1], text, index, table, NULL), None),
        latent=(field("The latent to start from, instead of an element.", None, row, packed, NULL), None),
    )
    return {
        EmbeddingRequest: embedding,
        DecodeRequest: made(DecodeRequest, latents=(latent, ...)),
        NeighbourRequest: neighbours,
        DecodedList: DecodedElements,
        SampleAnswer: SampledElements,
        NeighbourList: NearElements,
        ModelCard: ElementModelCard,
        ModelList: ElementModelList,
    }


class ElementNeighbourRequest(Asked):
    """An element or a latent whose neighbours are wanted."""

    element: Any = None
    latent: Any = None
    by: Literal["latent", "hamming"] = Field(
        "latent", description="`latent`: distance of posterior means. `hamming`: positions that differ."
    )
    model: Annotated[StrictStr, WHICH_HALF] = "fluxttice-b"
    limit: Annotated[int, Field(ge=1, le=PAGE_SIZE, description="Number of neighbours."), WHOLE] = 20

    @model_validator(mode="after")
    def _one_start(self) -> "ElementNeighbourRequest":
        one_start("element", self.element, self.latent, self.by)
        return self
