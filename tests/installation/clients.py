"""The API as its clients use it, at their defaults: the right vectors or an error, never another operation's.

Nine embedders of six packages (a gigabyte) in an environment of their own, and the `openai` client of Node
where npm is here.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import fluxttice_core as fx
from fluxttice_core.operations import read_operation
from tests.installation.environment import Environment, show

PACKAGES = (
    "openai",
    "langchain-openai",
    "llama-index-embeddings-openai",
    "litellm",
    "haystack-ai",
    "chromadb",
)
TEXTS = ["min", "15633", "----00-0+", "7PB", "Kleene AND", "max", "0", "1083"]
TOKENISE = ("langchain", "langchain query")
"""Those that send tokens unless they are told not to: theirs is the error."""
NODE = """
const { default: OpenAI } = await import("openai");
const client = new OpenAI({ baseURL: process.argv[2], apiKey: "unused" });
const input = JSON.parse(process.argv[3]);
const { data } = await client.embeddings.create({ model: "fluxttice-b", input });
console.log(JSON.stringify({ node: data.map(({ embedding }) => Array.from(embedding)) }));
"""


def clients(scratch: Path) -> None:
    """Install the clients, start a server, and compare what each gets with what the model says."""
    environment = Environment.make(scratch / "clients")
    environment.install(*PACKAGES)
    command = [sys.executable, "-m", "fluxttice_core.cli", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.match(r"Serving (http://\S+?)/ ", server.stdout.readline())
        assert found
        address = f"{found[1]}/v1"
        script = Path(__file__).with_name("embedders.py")
        asked = [environment.python, str(script), address, json.dumps(TEXTS)]
        answers = json.loads(
            subprocess.run(asked, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1]
        )
        answers |= _node(scratch, address)
    finally:
        server.kill()
        server.communicate()
    expected = fx.encode([read_operation(text).index for text in TEXTS])
    wrong = [name for name, answer in answers.items() if not _is_right(name, answer, expected)]
    for name, answer in answers.items():
        print(f"{name}: {answer if isinstance(answer, str) else 'the right vectors'}"[:300], flush=True)
    if wrong:
        raise SystemExit(f"these got what they should not: {', '.join(wrong)}")


def _is_right(name: str, answer: object, expected: np.ndarray) -> bool:
    if isinstance(answer, str):
        return name in TOKENISE and "let it send the texts" in answer
    found = np.array(answer)
    return name not in TOKENISE and found.shape == expected.shape and np.allclose(found, expected, atol=2e-6)


def _node(scratch: Path, address: str) -> dict[str, object]:
    if shutil.which("npm") is None:
        print("npm is not here: the client of Node is left out", flush=True)
        return {}
    folder = scratch / "node"
    folder.mkdir()
    (folder / "ask.mjs").write_text(NODE)
    show(["npm", "install", "--silent", "openai"], folder=folder)
    asked = ["node", "ask.mjs", address, json.dumps(TEXTS)]
    answer: dict[str, object] = json.loads(
        subprocess.run(asked, cwd=folder, stdout=subprocess.PIPE, check=True).stdout
    )
    return answer
