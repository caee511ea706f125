"""Nobody is made to compute for longer than a certificate is worth."""

from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.certification import remeasurement_cost as effort
from fluxttice_core.certification.certify import certify
from fluxttice_core.certification.remeasurement_cost import passed_parameters, require_repeatable
from fluxttice_core.errors import CertificationError
from fluxttice_core.metrics.settings import QUICK, MeasurementSettings, settings_for
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.storage.pretrained import certified
from tests.refusals import refused


@pytest.mark.parametrize("settings", [MeasurementSettings(), QUICK])
def test_what_certify_offers_is_let_through(settings: MeasurementSettings) -> None:
    shipped = certified()
    require_repeatable(settings, operations=shipped.space.size, parameters=shipped.parameters)


@pytest.mark.parametrize(
    "settings",
    [
        MeasurementSettings(mass_draws=99_999_744),
        MeasurementSettings(repeats=1_000),
        MeasurementSettings(posterior_repeats=1_000),
        MeasurementSettings(draws=(100_000_000,), repeated_up_to=1, long_repeats=1),
    ],
)
def test_much_more_is_refused_with_how_much(settings: MeasurementSettings) -> None:
    with refused(CertificationError, "too_costly", "times the usual work", "certify a smaller network"):
        require_repeatable(settings, operations=19_683, parameters=168_770)


def test_a_network_counts_by_its_size() -> None:
    require_repeatable(MeasurementSettings(), operations=19_683, parameters=5 * 168_770)
    with refused(CertificationError, "too_costly"):
        require_repeatable(MeasurementSettings(), operations=19_683, parameters=50 * 168_770)


def test_no_certificate_is_made_that_others_would_not_measure(
    small_run: Path, small_settings: MeasurementSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "AT_MOST", 0)
    with refused(CertificationError, "too_costly"):
        certify(small_run, tmp_path / "out", draw=lambda _: {}, settings=small_settings)
    assert not (tmp_path / "out").exists()


def test_a_table_counts_by_the_row_that_is_read_of_it() -> None:
    """Of words of nine letters the table alone is larger than a network, and as quickly read."""
    shape = Architecture.model_validate({"space": "dna:9", "decoders": "table"})
    tensors = {name: np.broadcast_to(np.float32(0), size) for name, size in shape.tensor_shapes.items()}
    passed, settings = passed_parameters(tensors), settings_for(shape.space)
    assert sum(tensor.size for tensor in tensors.values()) > 3 * passed
    require_repeatable(settings, operations=shape.space.size, parameters=passed)
    with refused(CertificationError, "too_costly"):
        require_repeatable(settings, operations=shape.space.size, parameters=4 * passed)
