"""The explorer as one file: what it holds, what it may do, and how much it weighs."""

import base64
import gzip
import hashlib
import json
import re

import pytest

from fluxttice_core.server.explorer.bundle import STYLES, page_texts
from fluxttice_core.server.explorer.pages import documents, page_files
from fluxttice_core.server.explorer.standalone import standalone_page
from fluxttice_core.server.served_model import Served

FIGURE = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.fixture(scope="module")
def page(reported: Served) -> str:
    return standalone_page(reported, lambda _: {"coverage.svg": FIGURE}).decode()


def data_in(page: str) -> dict[str, bytes]:
    found = re.findall(r'<script type="application/gzip" id="data-(.+?)">(.*?)</script>', page)
    return {name: gzip.decompress(base64.b64decode(text)) for name, text in found}


def test_it_holds_what_the_server_would_send(page: str, reported: Served) -> None:
    data = data_in(page)
    assert data.pop("coverage.svg") == FIGURE
    assert [one["name"] for one in json.loads(data.pop("figures.json"))] == ["coverage"]
    assert data == {name: make() for name, make in documents(reported).items()}


def test_its_policy_lets_its_own_script_and_style_run_and_nothing_else(page: str) -> None:
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', page)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for element, rule in (("script id=.script.", "script-src"), ("style", "style-src")):
        (text,) = re.findall(f"<{element}>(.*?)</{element.split()[0]}>", page, re.DOTALL)
        assert (
            rules.pop(rule) == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        )
    assert rules == {
        "default-src": "'none'",
        "img-src": "data: blob:",
        "worker-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_it_links_to_nothing(page: str) -> None:
    addresses = re.findall(r'(?:src|href)="(.*?)"', page)
    assert addresses
    assert [one for one in addresses if not one.startswith(("#", "data:image/svg+xml;base64,"))] == []
    assert set(re.findall("https?://[^\"' ]+", page)) == {"http://www.w3.org/2000/svg"}
    # What it leaves out, since a server has it, it says.
    assert "explorer/" not in re.sub("<script.*?</script>", "", page, flags=re.DOTALL)
    assert ">API<" not in page
    assert "The API is at a server" in page


def test_every_module_is_in_its_script_but_the_one_that_asks_a_server(page: str) -> None:
    (script,) = re.findall('<script id="script">(.*?)</script>', page, re.DOTALL)
    names = {name[3:-3] for name in page_texts() if name.startswith("js/")}
    served = page_files()["page.js"].plain.decode()
    for one in (script, served):
        assert set(re.findall(r"^(\w+)\(need\) \{$", one, re.MULTILINE)) == names - {"embedded"}
        assert set(re.findall(r'need\("(\w+)"\)', one)) <= names
        assert not re.search(r"^(import|export)\b|import\.meta|\bimport\(", one, re.MULTILINE)
    assert not re.search("</|<!--", script)
    assert ("fetch(" in script, "fetch(" in served) == (False, True)


def test_every_style_sheet_has_its_place() -> None:
    assert {f"css/{name}.css" for name in STYLES} == {
        name for name in page_texts() if name.startswith("css/")
    }
