"""What the commands' tests share: an empty folder to run them in, and measurements that take a moment."""

from importlib import import_module
from pathlib import Path

import pytest

from fluxttice_core.cli import measuring
from fluxttice_core.evaluation import plots as figures
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.metrics.settings import MeasurementSettings, settings_for
from fluxttice_core.spaces.product_space import ProductSpace
from tests.small import MEASUREMENT


@pytest.fixture
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tiny_when_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure next to nothing where a quick measurement is asked for."""

    def chosen(space: ProductSpace, *, quick: bool) -> MeasurementSettings:
        return MEASUREMENT if quick else settings_for(space)

    monkeypatch.setattr(measuring, "settings_for", chosen)


@pytest.fixture
def measured_before(
    small_certificate: Path, small_settings: MeasurementSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Take the report from the certificate that was made before; measuring is tested there."""
    report = read_report(small_certificate / "report.json")
    monkeypatch.setattr(measuring, "chosen_settings", lambda **_: small_settings)
    certificate = import_module("fluxttice_core.certification.certify")
    monkeypatch.setattr(certificate, "measured", lambda *_, **__: report)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing out, where figures are not the question."""
    monkeypatch.setattr(figures, "draw_plots", lambda _: {"coverage.svg": b"<svg/>"})
