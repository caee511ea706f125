"""Embeds texts with every client of its environment: `python embedders.py ADDRESS TEXTS`, answers as JSON."""

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

ADDRESS, TEXTS = (sys.argv[1], json.loads(sys.argv[2])) if __name__ == "__main__" else ("", [])
MODEL = "fluxttice-b"


def plain() -> Any:
    openai = import_module("openai")
    return [item.embedding for item in openai.OpenAI().embeddings.create(model=MODEL, input=TEXTS).data]


def langchain() -> Any:
    OpenAIEmbeddings = import_module("langchain_openai").OpenAIEmbeddings
    return OpenAIEmbeddings(model=MODEL).embed_documents(TEXTS)


def langchain_query() -> Any:
    OpenAIEmbeddings = import_module("langchain_openai").OpenAIEmbeddings
    return [OpenAIEmbeddings(model=MODEL).embed_query(text) for text in TEXTS]


def langchain_texts() -> Any:
    OpenAIEmbeddings = import_module("langchain_openai").OpenAIEmbeddings
    return OpenAIEmbeddings(model=MODEL, check_embedding_ctx_length=False).embed_documents(TEXTS)


def llama_index() -> Any:
    OpenAIEmbedding = import_module("llama_index.embeddings.openai").OpenAIEmbedding
    return OpenAIEmbedding(model_name=MODEL, api_base=ADDRESS).get_text_embedding_batch(TEXTS)


def litellm() -> Any:
    answer = import_module("litellm").embedding(model=f"openai/{MODEL}", input=TEXTS, api_base=ADDRESS)
    return [item["embedding"] for item in answer.data]


def haystack() -> Any:
    OpenAITextEmbedder = import_module("haystack.components.embedders").OpenAITextEmbedder
    embedder = OpenAITextEmbedder(model=MODEL, api_base_url=ADDRESS)
    return [embedder.run(text)["embedding"] for text in TEXTS]


def haystack_documents() -> Any:
    Document = import_module("haystack").Document
    OpenAIDocumentEmbedder = import_module("haystack.components.embedders").OpenAIDocumentEmbedder
    embedder = OpenAIDocumentEmbedder(model=MODEL, api_base_url=ADDRESS, progress_bar=False)
    documents = embedder.run([Document(content=text) for text in TEXTS])["documents"]
    return [document.embedding for document in documents]


def chroma() -> Any:
    OpenAIEmbeddingFunction = import_module("chromadb.utils.embedding_functions").OpenAIEmbeddingFunction
    embed = OpenAIEmbeddingFunction(model_name=MODEL, api_base=ADDRESS, api_key="unused")
    return [list(map(float, row)) for row in embed(TEXTS)]


def answer(embed: Callable[[], Any]) -> Any:
    """Its vectors, or its error."""
    try:
        return embed()
    except Exception as error:  # noqa: BLE001  # whatever a client makes of a refusal
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    os.environ.update(OPENAI_API_KEY="unused", OPENAI_BASE_URL=ADDRESS, OPENAI_API_BASE=ADDRESS)
    # The tokens that LangChain would fetch, as llama-index brings them.
    _TOKENS = "**/tiktoken_cache/9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(next(Path(sys.prefix, "lib").glob(_TOKENS)).parent)
    embedders = [plain, langchain, langchain_query, langchain_texts, llama_index, litellm]
    embedders += [haystack, haystack_documents, chroma]
    print(json.dumps({embed.__name__.replace("_", " "): answer(embed) for embed in embedders}))
