"""What registries read: citation, codemeta, Zenodo, RO-Crate, and the card and the Croissant of the table.

All of it comes from pyproject.toml, the version, the certified report and the table; `make docs` writes it.
"""

import json
import re
import tomllib
from html import escape
from pathlib import Path
from textwrap import fill
from typing import Any

import pyarrow.parquet as pq
import yaml

from docs.table import TABLE, columns, digest
from fluxttice_core.evaluation.coverage_report import certified_report
from fluxttice_core.version import __version__

ROOT = Path(__file__).resolve().parent.parent
_PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = _PYPROJECT["project"]
SAID: dict[str, Any] = _PYPROJECT["tool"]["fluxttice"]
_PAPER = (ROOT / "paper" / "paper.typ").read_text(encoding="utf-8")
PAPER = re.findall('^#let title = "(.*)"$', _PAPER, re.MULTILINE)[0]
DATE = SAID["released"].isoformat()
ADDRESS = PROJECT["urls"]["Documentation"]
LICENSE = f"https://spdx.org/licenses/{PROJECT['license']}"
AUTHORS = [author["name"] for author in PROJECT["authors"]]
_PARQUET, _CROISSANTS_PARQUET = "application/vnd.apache.parquet", "application/x-parquet"
"""The registered name, and the one that readers of Croissant know: they open no file under the other."""
_OWN_WORDS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet"),
    *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
    *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField"),
    "transform",
)
_CROISSANT_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{word: f"cr:{word}" for word in _OWN_WORDS},
}


def metadata() -> dict[Path, str]:
    """Every file of metadata by its path, as it should be."""
    return {
        ROOT / "CITATION.cff": yaml.safe_dump(
            citation_file(), sort_keys=False, allow_unicode=True, width=100
        ),
        ROOT / "codemeta.json": _json(codemeta()),
        ROOT / ".zenodo.json": _json(zenodo()),
        ROOT / "ro-crate-metadata.json": _json(crate()),
        TABLE.with_name("croissant.json"): _json(croissant()),
        TABLE.with_name("README.md"): card(),
    }


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def citation_file() -> dict[str, Any]:
    """CITATION.cff, by the Citation File Format 1.2.0."""
    return {
        "cff-version": "1.2.0",
        "message": "If you use this software, please cite the paper that describes it.",
        "title": SAID["title"],
        "abstract": SAID["abstract"],
        "type": "software",
        "authors": [{"name": name} for name in AUTHORS],
        "version": __version__,
        "date-released": SAID["released"],
        "license": PROJECT["license"],
        "repository-code": ADDRESS,
        "keywords": PROJECT["keywords"],
        "preferred-citation": {
            "type": "report",
            "title": PAPER,
            "authors": [{"name": name} for name in AUTHORS],
            "year": SAID["released"].year,
            "url": ADDRESS,
        },
    }


def codemeta() -> dict[str, Any]:
    """codemeta.json, by CodeMeta 3.0."""
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": PROJECT["name"],
        "headline": SAID["title"],
        "description": SAID["abstract"],
        "version": __version__,
        "datePublished": DATE,
        "license": LICENSE,
        "author": [{"@type": "Organization", "name": name} for name in AUTHORS],
        "codeRepository": ADDRESS,
        "programmingLanguage": {"@type": "ComputerLanguage", "name": "Python"},
        "runtimePlatform": f"Python {PROJECT['requires-python']}",
        "operatingSystem": "Linux",
        "softwareRequirements": PROJECT["dependencies"],
        "keywords": PROJECT["keywords"],
        "referencePublication": {"@type": "Report", "name": PAPER},
    }


def zenodo() -> dict[str, Any]:
    """.zenodo.json, which Zenodo reads when a release is archived."""
    return {
        "title": SAID["title"],
        "upload_type": "software",
        "description": f"<p>{escape(SAID['abstract'])}</p>",
        "creators": [{"name": name} for name in AUTHORS],
        "version": __version__,
        "publication_date": DATE,
        "access_right": "open",
        "license": PROJECT["license"],
        "keywords": PROJECT["keywords"],
    }


def crate() -> dict[str, Any]:
    """ro-crate-metadata.json, by RO-Crate 1.1: what lies where in the repository."""
    authors = [{"@id": f"#{name.lower().replace(' ', '-')}"} for name in AUTHORS]
    parts = {
        "data/operations.parquet": (
            "Every ternary operation with its codes, p(x), properties and split",
            _PARQUET,
        ),
        "data/croissant.json": ("The same table, described for machines", "application/ld+json"),
        "benchmarks/coverage_vs_entropy.json": ("The measurement of the shipped model", "application/json"),
        "src/fluxttice_core/certified/": ("The certified model: weights, report, card and signature", None),
        "src/fluxttice_core/": ("The package", None),
        "docs/results/": ("The result files behind the figures of the documentation", None),
        "tests/": ("The tests", None),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": SAID["title"],
        "description": SAID["abstract"],
        "datePublished": DATE,
        "version": __version__,
        "license": {"@id": LICENSE},
        "author": authors,
        "publisher": authors[0],
        "keywords": PROJECT["keywords"],
        "hasPart": [{"@id": name} for name in parts],
    }
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": "ro-crate-metadata.json",
                "@type": "CreativeWork",
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
                "about": {"@id": "./"},
            },
            root,
            *(_part(name, about, form) for name, (about, form) in parts.items()),
            *(
                {"@id": author["@id"], "@type": "Organization", "name": name, "url": ADDRESS}
                for author, name in zip(authors, AUTHORS, strict=True)
            ),
            {
                "@id": LICENSE,
                "@type": "CreativeWork",
                "name": PROJECT["license"],
                "description": "Apache License, version 2.0",
            },
        ],
    }


def _part(name: str, about: str, form: str | None) -> dict[str, Any]:
    if form is None:
        return {"@id": name, "@type": "Dataset", "name": about, "description": about}
    size = {"contentSize": str(TABLE.stat().st_size)} if form == _PARQUET else {}
    return {"@id": name, "@type": "File", "name": about, "description": about, "encodingFormat": form, **size}


def croissant() -> dict[str, Any]:
    """data/croissant.json, by Croissant 1.0: every column of the table, and where its file is."""
    file = "operations.parquet"
    return {
        "@context": _CROISSANT_CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "ternary_operations",
        "description": _about(),
        "version": __version__,
        "datePublished": DATE,
        "license": LICENSE,
        "url": ADDRESS,
        "creator": [{"@type": "sc:Organization", "name": name} for name in AUTHORS],
        "keywords": PROJECT["keywords"],
        "citeAs": f"{' and '.join(AUTHORS)}: {PAPER}, {SAID['released'].year}",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": file,
                "name": file,
                "contentUrl": file,
                "contentSize": f"{TABLE.stat().st_size} B",
                "encodingFormat": _CROISSANTS_PARQUET,
                "sha256": digest(),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "operations",
                "name": "operations",
                "description": "One record an operation.",
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"operations/{column.name}",
                        "name": column.name,
                        "description": column.about,
                        "dataType": column.kind,
                        "source": {"fileObject": {"@id": file}, "extract": {"column": column.name}},
                        **({"repeated": True} if column.repeats else {}),
                    }
                    for column in columns()
                ],
            }
        ],
    }


def _about() -> str:
    space = certified_report().space
    return (
        f"All {space.size:,} ternary operations of two inputs, each with its codes in both halves of the "
        "certified dual variational autoencoder of fluxttice, the probability that a prior draw becomes it, "
        "its algebraic properties, and the part of the split that it is in."
    )


def card() -> str:
    """data/README.md: the card of the table."""
    report = certified_report()
    made = pq.read_metadata(TABLE)
    parts = pq.read_table(TABLE, columns=["part"])["part"].to_pylist()
    split = ", ".join(f"{parts.count(name):,} {name}" for name in dict.fromkeys(sorted(parts)))
    rows = "\n".join(
        f"| `{column.name}` | {'list of ' if column.repeats else ''}{column.kind.removeprefix('sc:')} | "
        f"{column.about.replace('|', chr(92) + '|')} |"
        for column in columns()
    )
    said = (
        f"It holds {made.num_rows:,} rows and {len(columns())} columns in {TABLE.stat().st_size:,} bytes, "
        f"SHA-256 `{digest()}`. Codes and probabilities are those of the model that the package ships "
        f"({report.title}), tensor SHA-256 `{made.metadata[b'tensor_sha256'].decode()}`. p(x) is the mean "
        f"over {report.settings.mass_draws:,} prior draws of seed {report.settings.seed}, the draws of "
        f"the certified report. Split: {split}."
    )
    return f"""---
license: {PROJECT["license"].lower()}
pretty_name: Ternary operations
task_categories: [feature-extraction]
size_categories: [10K<n<100K]
---
# Every ternary operation

{fill(_about(), width=118)}

{fill(said, width=118, break_long_words=False, break_on_hyphens=False)}

```python
import pyarrow.parquet as pq

operations = pq.read_table("data/operations.parquet")
print(operations.num_rows, operations["operation"][15633])
```

| column | type | holds |
|---|---|---|
{rows}

## What it is for, and what not

For trying out searches, maps, probes and evaluations on a space whose every element is known, and for
checking our figures by other programs. The rows are not a sample of anything: they are the whole space, so a
hold-out says only whether an unseen table comes back from its own code. The probabilities are estimates, and
exact for the draws that they are the mean of; other draws differ by what the report's intervals say. The
properties are proved by enumeration, not predicted. Nothing here is about persons.

Made by `make table`, described for machines in [croissant.json](croissant.json). {PROJECT["license"]}.
"""
