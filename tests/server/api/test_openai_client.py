"""The `openai` client, pointed at a running server, works as it does elsewhere."""

import asyncio
import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
import openai
import pytest

import fluxttice_core as fx

MIN = [-1, -1, -1, -1, 0, 0, -1, 0, 1]
WEBB = [0, 1, -1, 1, 1, -1, -1, -1, -1]


@pytest.fixture(scope="module")
def client(server: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("model", ["fluxttice-a", "fluxttice-b"])
@pytest.mark.parametrize(
    ("given", "indices"),
    [
        *((text, [15633]) for text in ("----00-0+", "min", "Kleene AND", "15633", "---/-00/-0+")),
        (["----00-0+", "0+-++----", "webb"], [15633, 223, 223]),
        (["223"], [223]),
        (MIN, [15633]),
        ([MIN, WEBB], [15633, 223]),
        (["7PB", "000011012"], [5681, 15633]),
    ],
)
@pytest.mark.parametrize("encoding", [None, "float", "base64"])
def test_every_form_of_input_gives_the_codes_of_its_operations(
    client: openai.OpenAI,
    model: str,
    given: Any,
    indices: list[int],
    encoding: Literal["float", "base64"] | None,
) -> None:
    chosen: Any = {} if encoding is None else {"encoding_format": encoding}
    answer = client.embeddings.create(model=model, input=given, **chosen)
    assert answer.object == "list"
    assert answer.model == model
    assert [item.index for item in answer.data] == list(range(len(indices)))
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 9 * len(indices)
    expected = fx.encode(indices, vae="a" if model.endswith("a") else "b")
    embeddings: list[Any] = [item.embedding for item in answer.data]
    if encoding == "base64":
        embeddings = [np.frombuffer(base64.b64decode(text), "<f4") for text in embeddings]
    np.testing.assert_allclose(embeddings, expected, atol=2e-6)


def test_the_two_encodings_are_the_same_float32_numbers(client: openai.OpenAI) -> None:
    indices = [str(index) for index in range(0, 19_683, 97)]
    decoded = client.embeddings.create(model="fluxttice-b", input=indices)
    written = client.embeddings.create(model="fluxttice-b", input=indices, encoding_format="float")
    for one, other in zip(decoded.data, written.data, strict=True):
        assert np.array_equal(np.array(one.embedding, np.float32), np.array(other.embedding, np.float32))


def test_optional_arguments(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="fluxttice-b", input="max", user="somebody", dimensions=16)
    assert len(answer.data[0].embedding) == 16
    with pytest.raises(openai.BadRequestError, match="dimensions can only be 16"):
        client.embeddings.create(model="fluxttice-b", input="max", dimensions=8)


def test_models(client: openai.OpenAI) -> None:
    listed = list(client.models.list())
    assert [model.id for model in listed] == ["fluxttice-a", "fluxttice-b"]
    assert all(model.object == "model" and model.owned_by == "fluxttice" for model in listed)
    assert client.models.retrieve("fluxttice-a") == listed[0]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("text-embedding-3-small")
    with pytest.raises(openai.NotFoundError) as refused:
        client.embeddings.create(model="text-embedding-3-small", input="max")
    assert refused.value.code == "model_not_found"
    assert refused.value.param == "model"


def test_the_asynchronous_client(server: Any) -> None:
    async def embed() -> list[list[float]]:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as client:
            answers = await asyncio.gather(
                *(client.embeddings.create(model="fluxttice-b", input=str(i)) for i in range(20))
            )
        return [answer.data[0].embedding for answer in answers]

    # In a thread of its own, since other tests may hold a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: asyncio.run(embed())).result()
    np.testing.assert_allclose(found, fx.encode(list(range(20))), atol=2e-6)


def test_a_key(serving: Any) -> None:
    with serving(key="a-key-of-many-letters") as server:
        address = f"{server.url}/v1"
        with openai.OpenAI(base_url=address, api_key="a-key-of-many-letters", max_retries=0) as client:
            assert len(client.embeddings.create(model="fluxttice-b", input="max").data) == 1
        with (
            openai.OpenAI(base_url=address, api_key="a-key-of-many-lettersx", max_retries=0) as client,
            pytest.raises(openai.AuthenticationError) as refused,
        ):
            client.models.list()
        assert refused.value.code == "invalid_api_key"
