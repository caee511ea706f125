"""What registries read, held against the registries' own validators; no network is needed for it.

They are installed apart, for one of them wants a jsonschema of years ago. Each must also refuse a wrong file.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from docs.metadata import ROOT, crate
from docs.table import TABLE
from tests.installation.environment import Environment

VALIDATORS = (
    *("cffconvert==2.0.0", "mlcroissant==1.1.1", "roc-validator==0.13.0", "rocrate==0.13.0"),
    *("validate-pyproject==0.27", "pyarrow", "requests-cache"),
)
"""`rocrate` brings the words of RO-Crate 1.1, which the validator would fetch."""
_RECORDS = """
import itertools, sys
import mlcroissant as mlc
import pyarrow.parquet as pq
records = mlc.Dataset(jsonld=sys.argv[1]).records("operations")
rows = pq.read_table(sys.argv[2]).slice(0, 100).to_pylist()
for record, row in zip(itertools.islice(records, len(rows)), rows, strict=True):
    for name, value in row.items():
        found = record[f"operations/{name}"]
        found = found.decode() if isinstance(found, bytes) else found
        if value is not None:
            assert list(found) == value if isinstance(value, list) else found == value, (name, found, value)
"""
_KEEP = """
import io, pathlib, sys
import requests, requests_cache, rocrate, urllib3

class Kept(requests.adapters.BaseAdapter):
    def send(self, request, **options):
        words = pathlib.Path(rocrate.__file__).with_name("data") / "ro-crate.jsonld"
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        answer.headers["Content-Type"] = "application/ld+json"
        answer.raw = urllib3.HTTPResponse(
            io.BytesIO(words.read_bytes()), answer.headers, 200, preload_content=False
        )
        return answer

session = requests_cache.CachedSession(sys.argv[1], backend="sqlite", expire_after=-1)
session.mount("https://", Kept())
session.get("https://w3id.org/ro/crate/1.1/context", headers={"Accept": "application/ld+json"})
"""


def metadata(scratch: Path) -> None:
    """Validate every file, and see each validator refuse a wrong one.

    Raises:
        SystemExit: If a file is refused, or a wrong one is not.
    """
    environment = Environment.make(scratch / "validators")
    environment.install(*VALIDATORS)
    environment.call("-c", _KEEP, str(scratch / "words"))
    tools = environment.folder / "bin"

    def of_crate(file: Path) -> list[str]:
        options = (
            "--profile-identifier",
            "ro-crate-1.1",
            "--offline",
            "--cache-path",
            str(scratch / "words"),
        )
        return [str(tools / "rocrate-validator"), "-y", "validate", str(_laid_out(file)), *options]

    commands: dict[str, tuple[Callable[[Path], list[str]], str, str]] = {
        "CITATION.cff": (
            lambda file: [str(tools / "cffconvert"), "--validate", "--infile", str(file)],
            *("date-released:", "released:"),
        ),
        "pyproject.toml": (
            lambda file: [str(tools / "validate-pyproject"), str(file)],
            *("requires-python", "needs-python"),
        ),
        "data/croissant.json": (
            lambda file: [environment.python, "-c", _RECORDS, str(file), str(TABLE)],
            *('"column": "p_a"', '"column": "p_c"'),
        ),
        "ro-crate-metadata.json": (of_crate, '"datePublished"', '"made"'),
    }
    for name, (command, right, wrong) in commands.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        if right not in text:
            raise SystemExit(f"{name} does not hold {right}, which is made wrong to see that it is refused")
        for verdict, content in ((True, text), (False, text.replace(right, wrong))):
            folder = scratch / Path(name).stem / str(verdict)
            folder.mkdir(parents=True)
            (folder / TABLE.name).write_bytes(TABLE.read_bytes())
            file = folder / Path(name).name
            file.write_text(content, encoding="utf-8")
            _require(command(file), verdict, f"{name}{'' if verdict else ' made wrong'}")


def _laid_out(file: Path) -> Path:
    """The folder of a crate's metadata, with something at every place that it names."""
    for part in json.loads(json.dumps(crate()))["@graph"][1]["hasPart"]:
        place = file.parent / part["@id"]
        (place if part["@id"].endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
        if not part["@id"].endswith("/"):
            place.touch()
    return file.parent


def _require(command: list[str], verdict: bool, name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if (done.returncode == 0) != verdict:
        raise SystemExit(f"{name} is {'refused' if verdict else 'accepted'}:\n{done.stdout}{done.stderr}")
    print(f"{name}: {'accepted' if verdict else 'refused, as it must be'}", flush=True)
