"""What registries read says what the project does, and the published table is the shipped model's."""

import json
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from docs.metadata import DATE, PROJECT, ROOT, SAID, croissant, metadata
from docs.table import TABLE, columns, digest
from fluxttice_core.evaluation.coverage_report import certified_report
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.operations.algebra import holds, property_names
from fluxttice_core.storage.embedding_table import embedding_table
from fluxttice_core.storage.pretrained import certified
from fluxttice_core.version import __version__


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pq.read_table(TABLE)


def content(name: str) -> Any:
    text = (ROOT / name).read_text(encoding="utf-8")
    return yaml.safe_load(text) if name.endswith(".cff") else json.loads(text)


def test_every_file_names_this_version_and_its_day() -> None:
    cited, zenodo = content("CITATION.cff"), content(".zenodo.json")
    assert (cited["version"], cited["date-released"].isoformat()) == (__version__, DATE)
    assert (zenodo["version"], zenodo["publication_date"]) == (__version__, DATE)
    for name in ("codemeta.json", "data/croissant.json"):
        assert (content(name)["version"], content(name)["datePublished"]) == (__version__, DATE)
    root = content("ro-crate-metadata.json")["@graph"][1]
    assert (root["version"], root["datePublished"]) == (__version__, DATE)


def test_the_changelog_tells_of_this_version_first() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    told = re.findall(r"^## \[(\d[\d.]*)\] - ([\d-]+)$", text, re.MULTILINE)
    assert told[0] == (__version__, DATE)
    assert [day for _, day in told] == sorted((day for _, day in told), reverse=True)


def test_what_is_said_of_the_project_stands_in_all_of_them() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in metadata() if path.parent == ROOT}
    assert len(files) == 4
    for name, text in files.items():
        words = re.sub(r"\s+", " ", text)
        assert all(word in words for word in (*PROJECT["keywords"], SAID["title"], SAID["abstract"][:60])), (
            name
        )


def test_every_part_of_the_crate_is_there() -> None:
    parts = content("ro-crate-metadata.json")["@graph"][1]["hasPart"]
    assert [part["@id"] for part in parts if not (ROOT / part["@id"]).exists()] == []


def test_croissant_describes_the_file_that_is_there(table: pa.Table) -> None:
    described = croissant()
    assert described["distribution"][0]["sha256"] == digest()
    assert [field["name"] for field in described["recordSet"][0]["field"]] == table.column_names
    assert [column.name for column in columns()] == table.column_names
    kinds = {
        pa.int32(): "sc:Integer",
        pa.string(): "sc:Text",
        pa.float32(): "sc:Float",
        pa.bool_(): "sc:Boolean",
    }
    for column in columns():
        kind = table.schema.field(column.name).type
        assert column.repeats == pa.types.is_fixed_size_list(kind)
        assert kinds[kind.value_type if column.repeats else kind] == column.kind


def test_the_table_is_the_shipped_model_s(table: pa.Table) -> None:
    codes = embedding_table(certified())
    assert table.schema.metadata[b"tensor_sha256"].decode() == certified().tensor_digest
    assert table["index"].to_pylist() == codes.index.tolist()
    assert tuple(table["operation"].to_pylist()) == codes.strings
    assert tuple(table["part"].to_pylist()) == codes.parts
    for half in HALVES:
        found = table[f"mu_{half}"].combine_chunks().flatten().to_numpy().reshape(-1, 16)
        np.testing.assert_allclose(found, codes.mu[half], atol=2e-6)
    for name in property_names():
        assert (table[name].to_numpy() == holds(name)).all()


@pytest.mark.parametrize("half", HALVES)
def test_its_probabilities_are_those_of_the_certified_report(table: pa.Table, half: HalfName) -> None:
    p, parts = table[f"p_{half}"].to_numpy().astype(np.float64), np.array(table["part"].to_pylist())
    assert p.sum() == pytest.approx(1, abs=1e-6)
    found = p[parts == "train"].mean() / p[parts == "held_out"].mean()
    said = {one: certified_report().metric("memorisation", one).value for one in HALVES}
    # The report takes the estimate's bias out of the ratio, which is as small.
    assert found == pytest.approx(said[half], abs=5e-5)
    assert abs(said["a"] - said["b"]) > 2e-4
