import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluxttice_core as fx
from fluxttice_core.errors import CheckpointError
from fluxttice_core.server.app import create_app
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.served_model import PARTS, Served, prepare, serve_model
from tests.refusals import refused


def test_the_certified_model_is_served(served: Served) -> None:
    assert served.model is fx.certified()
    assert served.half("fluxttice-a") == "a"
    assert served.created == int(Path(served.model.source).stat().st_mtime)  # of an archive, whatever it says
    with pytest.raises(RequestError, match="there is no model 'gpt'") as refused:
        served.half("gpt")
    assert refused.value.status == 404


def test_every_operation_is_in_one_part_of_the_split(served: Served) -> None:
    parts = served.model.split
    assert parts is not None
    assert served.parts is not None
    named = np.array(PARTS)[served.parts]
    assert set(np.flatnonzero(named == "held_out")) == set(parts.held_out.tolist())
    assert set(np.flatnonzero(named == "validation")) == set(parts.validation.tolist())
    assert (named == "train").sum() == parts.train.size
    assert replace(served, model=replace(served.model, split=None)).parts is None


def test_a_model_with_a_report_shows_it(served: Served, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"title": "ours", "model": {"tensor_sha256": served.model.tensor_digest}}))
    assert prepare(served.model, report).report == report.read_bytes()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "this model has no report"),
        ('{"model": {"tensor_sha256": "0000"}}', "of other weights"),
        ('{"model": "0000"}', "of other weights"),
        ("[]", "of other weights"),
        ("{", "cannot be shown: The report is not valid JSON"),
        ('{"a": NaN}', "cannot be shown"),
    ],
)
def test_a_model_without_a_report_says_why(
    served: Served, tmp_path: Path, text: str | None, says: str
) -> None:
    report = tmp_path / "report.json"
    if text is not None:
        report.write_text(text)
    found = prepare(served.model, report)
    assert found.report is None
    assert says in found.without_report


@pytest.mark.parametrize("report", [None, b'{"title":"ours"}'])
def test_the_report_over_http(served: Served, start: Any, report: bytes | None) -> None:
    with start(create_app(replace(served, report=report, without_report="there is none, because"))) as server:
        if report is None:
            server.refuses("/v1/report", status=404, message="there is none, because", code="report_missing")
        else:
            assert server.get("/v1/report").content == report


def test_the_server_says_that_it_is_well(server: Any) -> None:
    models = ["fluxttice-a", "fluxttice-b"]
    assert server.get("/healthz").json() == {"status": "ok", "version": fx.__version__, "models": models}


def test_a_model_that_does_not_exist(tmp_path: Path) -> None:
    with refused(CheckpointError, "missing_checkpoint"):
        serve_model(tmp_path / "nothing")


def test_a_model_can_be_given_by_its_path() -> None:
    folder = Path(fx.certified().source).parent
    assert serve_model(folder).model.tensor_digest == fx.certified().tensor_digest
