"""Exports hold what the model computes, are the same bytes each time, and say nothing of this machine."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow.parquet as pq
import pytest
import torch

from fluxttice_core.errors import MeasurementError, MissingExtra, SettingsError, StorageError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.halves import HalfName
from fluxttice_core.spaces.split import split
from fluxttice_core.storage import onnx_export as onnx_model
from fluxttice_core.storage.embedding_table import EmbeddingTable, embedding_table
from fluxttice_core.storage.export import FORMATS, ExportFormat, default_path, export
from fluxttice_core.storage.onnx_export import onnx_files
from fluxttice_core.storage.pretrained import TrainedModel, certified, in_memory, load
from fluxttice_core.training.run import run_settings
from tests.refusals import refused

HALVES: tuple[HalfName, ...] = ("a", "b")
HIGHEST = min(25, onnx.defs.onnx_opset_version())


@pytest.fixture(scope="module")
def small(small_checkpoint: Path) -> TrainedModel:
    return load(small_checkpoint)


@pytest.fixture(scope="module")
def table() -> EmbeddingTable:
    return embedding_table(certified())


@pytest.fixture(scope="module")
def graphs() -> dict[str, bytes]:
    return onnx_files(certified())


def computed(data: bytes, rows: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return [np.asarray(array) for array in session.run(None, {session.get_inputs()[0].name: rows})]


def test_parquet_holds_every_operation_with_its_codes(table: EmbeddingTable, tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(table.parquet())
    found = pq.read_table(tmp_path / "t.parquet")
    assert found.num_rows == 19_683
    assert found.schema.metadata[b"tensor_sha256"].decode() == certified().tensor_digest
    row = found.slice(15_633, 1).to_pylist()[0]
    assert (row["index"], row["operation"], row["name"]) == (15_633, "----00-0+", "min")
    for half in HALVES:
        codes = np.stack(found[f"mu_{half}"].to_numpy())
        assert np.array_equal(codes, table.mu[half])
        assert np.allclose(codes[15_633], certified().encode(15_633, vae=half), atol=1e-5)


def test_npz_holds_the_same_without_pickles(table: EmbeddingTable, tmp_path: Path) -> None:
    (tmp_path / "t.npz").write_bytes(table.npz())
    with np.load(tmp_path / "t.npz", allow_pickle=False) as found:
        assert np.array_equal(found["mu_a"], table.mu["a"])
        assert np.array_equal(found["logvar_b"], table.logvar["b"])
        assert found["strings"][15_633] == "----00-0+"
        assert str(found["tensor_sha256"]) == certified().tensor_digest


def test_the_part_of_every_operation_is_the_split_s(table: EmbeddingTable) -> None:
    parts = np.array(table.parts)
    expected = split(certified().space)
    for name in ("train", "validation", "held_out"):
        assert np.array_equal(np.flatnonzero(parts == name), np.sort(getattr(expected, name)))


def test_the_projector_opens_codes_and_labels_of_equal_length(table: EmbeddingTable) -> None:
    files = table.projector()
    labels = files["metadata.tsv"].decode().splitlines()
    assert labels[0] == "index\toperation\tname\tpart"
    assert len(labels) == 19_684
    for half in HALVES:
        rows = files[f"codes_{half}.tsv"].decode().splitlines()
        assert len(rows) == 19_683
        read = np.array([[float(cell) for cell in row.split("\t")] for row in rows[:50]], np.float32)
        assert np.array_equal(read, table.mu[half][:50])
        assert f'tensor_path: "codes_{half}.tsv"' in files["projector_config.pbtxt"].decode()


@pytest.mark.parametrize("half", HALVES)
def test_onnx_computes_what_torch_does_for_all_operations(graphs: dict[str, bytes], half: HalfName) -> None:
    model = certified()
    tables = model.space.all_tables().astype(np.float32)
    mu, logvar = computed(graphs[f"encoder_{half}.onnx"], tables)
    with torch.no_grad():
        ours = model.model.vae(half).encode_gaussian(torch.from_numpy(tables))
    assert np.abs(mu - ours[0].numpy()).max() < 1e-4
    assert np.abs(logvar - ours[1].numpy()).max() < 1e-4
    (logits,) = computed(graphs[f"decoder_{half}.onnx"], mu)
    assert logits.shape == (19_683, 9, 3)
    decoded = logits.argmax(-1) - 1
    assert np.array_equal(decoded, model.decode(ours[0], vae=half))
    assert (decoded == model.space.all_tables()).all(-1).mean() > 0.999


def test_onnx_takes_any_number_of_rows(graphs: dict[str, bytes]) -> None:
    for rows in (1, 7):
        (logits,) = computed(graphs["decoder_a.onnx"], np.zeros((rows, 16), np.float32))
        assert logits.shape == (rows, 9, 3)


def test_onnx_holds_nothing_of_this_machine(graphs: dict[str, bytes]) -> None:
    for name, data in graphs.items():
        for trace in (b"fluxttice_core", b".py", b"torch", str(Path(__file__).parents[2]).encode()):
            assert trace not in data, f"{name} holds {trace!r}"
        model = onnx.load_from_string(data)
        onnx.checker.check_model(model)
        (entry,) = model.metadata_props
        assert json.loads(entry.value)["tensor_sha256"] == certified().tensor_digest


def versions(data: bytes) -> tuple[int, list[tuple[str, int]]]:
    model = onnx.load_from_string(data)
    return model.ir_version, [(of.domain, of.version) for of in model.opset_import]


def test_onnx_is_of_versions_that_old_runtimes_read(graphs: dict[str, bytes]) -> None:
    assert {str(versions(data)) for data in graphs.values()} == {"(8, [('', 18)])"}


@pytest.mark.parametrize(("opset", "file_version"), [(14, 7), (21, 10)])
def test_onnx_is_of_the_opset_that_is_asked_for(
    small: TrainedModel, monkeypatch: pytest.MonkeyPatch, opset: int, file_version: int
) -> None:
    monkeypatch.setattr(onnx_model, "HALVES", ("b",))
    for data in onnx_files(small, opset).values():
        assert versions(data) == (file_version, [("", opset)])
        onnx.checker.check_model(onnx.load_from_string(data))


@pytest.mark.parametrize("opset", [13, 26, 0, -1])
def test_an_opset_that_is_not_written_is_refused(small: TrainedModel, opset: int, tmp_path: Path) -> None:
    with refused(SettingsError, "out_of_range", f"opset 14 to {HIGHEST}, not in {opset}"):
        export(small, "onnx", tmp_path / "onnx", opset=opset)
    assert list(tmp_path.iterdir()) == []


def test_an_opset_is_of_onnx_alone(small: TrainedModel, tmp_path: Path) -> None:
    with refused(SettingsError, "contradictory", "leave --opset out"):
        export(small, "npz", tmp_path / "it.npz", opset=18)


def test_a_conversion_that_fails_in_silence_is_found(
    small: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for opset 9, torch writes 18."""
    monkeypatch.setattr(onnx_model, "_OPSETS", range(9, 26))
    with refused(MeasurementError, "wrong_version", "torch wrote no opset 9"):
        onnx_files(small, 9)


def test_a_graph_that_the_runtime_does_not_read_is_refused(
    small: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(proto: onnx.ModelProto) -> None:
        proto.graph.node[0].op_type = "OfALaterOpset"

    monkeypatch.setattr(onnx_model, "_strip", spoil)
    with refused(MeasurementError, "wrong_version", "does not read encoder_a.onnx"):
        onnx_files(small)


def test_a_graph_that_computes_something_else_is_refused(
    small: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = onnx_model._strip

    def spoil(proto: onnx.ModelProto) -> None:
        strip(proto)
        weights = proto.graph.initializer[0]
        weights.raw_data = bytes(len(weights.raw_data))

    monkeypatch.setattr(onnx_model, "_strip", spoil)
    with refused(MeasurementError, "wrong_version", "encoder_a.onnx computes other numbers"):
        onnx_files(small)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow if kind == "onnx" else ()) for kind in FORMATS]
)
def test_exports_are_the_same_bytes_each_time(
    small: TrainedModel, tmp_path: Path, kind: ExportFormat
) -> None:
    first = export(small, kind, tmp_path / "first" / default_path(kind, small.space))
    again = export(small, kind, tmp_path / "again" / default_path(kind, small.space))
    assert [path.name for path in first] == [path.name for path in again]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_a_folder_is_not_replaced_and_a_format_must_be_known(small: TrainedModel, tmp_path: Path) -> None:
    with refused(StorageError, "already_exists"):
        export(small, "projector", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "package", "extra"), [("parquet", "pyarrow", "export"), ("onnx", "onnx", "onnx")]
)
def test_a_missing_package_is_named_with_its_extra(
    small: TrainedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: ExportFormat,
    package: str,
    extra: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with refused(MissingExtra, "missing_extra", f"{package}, which is not installed", f"[{extra}]"):
        export(small, kind, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def fresh(decoders: str) -> TrainedModel:
    """A model of words that was never trained: what matters is how its codes are written."""
    overrides = ("architecture.space=01^2xACGT^1", f"architecture.decoders={decoders}")
    settings = run_settings("standard", overrides).model_dump(mode="json")
    shape = Architecture.model_validate(settings["recipe"]["architecture"])
    network = DualVAE.initialised(shape, torch.Generator().manual_seed(0))
    return in_memory(network, settings=settings, epoch=1, rho=0.0)


def test_words_are_exported_under_their_own_name(tmp_path: Path) -> None:
    words = fresh("networks")
    assert default_path("parquet", words.space).name == "words.parquet"
    (path,) = export(words, "parquet", tmp_path / "words.parquet")
    found = pq.read_table(path)
    assert found.schema.names[:3] == ["index", "word", "part"]
    assert found["word"].to_pylist() == [words.space.string(i) for i in range(16)]
    assert np.array_equal(np.stack(found["mu_b"].to_numpy()), words.encode(np.arange(16)))
    (path,) = export(words, "npz", tmp_path / "words.npz")
    with np.load(path) as arrays:
        assert "names" not in arrays
        assert arrays["strings"].tolist() == found["word"].to_pylist()
    labels = embedding_table(words).projector()["metadata.tsv"].decode().splitlines()
    assert labels[:2] == ["index\tword\tpart", f"0\t00A\t{found['part'][0]}"]


@pytest.mark.parametrize("decoders", ["networks", "table"])
def test_graphs_of_words_decode_to_words(decoders: str) -> None:
    words = fresh(decoders)
    graphs = onnx_files(words)
    tables = words.space.all_tables().astype(np.float32)
    means, _ = computed(graphs["encoder_b.onnx"], tables)
    assert np.allclose(means, words.encode(np.arange(16)), atol=1e-4)
    (logits,) = computed(graphs["decoder_b.onnx"], means)
    assert np.array_equal(logits.argmax(-1), words.decode(means))


def test_few_rows_that_rounding_decides_may_differ_where_decoders_branch() -> None:
    """A code on the wall between two elements gives one here, the other there, and other entries after it."""
    ours = np.full((30, 2, 4), -12.0)
    ours[:, :, 0] = 0.0
    ours[:10, 0, 1] = -1e-5

    def turned(*rows: int) -> np.ndarray:
        theirs = ours.copy()
        theirs[list(rows)] = ours[list(rows)][..., [1, 0, 2, 3]]
        return theirs

    assert onnx_model._same(ours, turned(0, 1, 2), branches=True)
    assert onnx_model._same(ours, turned(), branches=False)
    assert not onnx_model._same(ours, turned(0), branches=False)
    # Nothing else is passed over: neither more of them, another row, fewer rows, nor what is no number.
    assert not onnx_model._same(ours, turned(0, 1, 2, 3), branches=True)
    assert not onnx_model._same(ours, turned(10), branches=True)
    assert not onnx_model._same(ours, turned()[:29], branches=True)
    ours[0, 0, 0] = np.nan
    assert not onnx_model._same(ours, turned(), branches=True)


def test_graphs_of_a_space_that_cannot_be_written_out_are_compared_on_some_of_it(sampled_run: Path) -> None:
    model = load(sampled_run)
    graphs = onnx_files(model)
    tables = model.space.tables(np.arange(2**24, 2**24 + 50)).astype(np.float32)
    mu, _ = computed(graphs["encoder_b.onnx"], tables)
    (logits,) = computed(graphs["decoder_b.onnx"], mu)
    assert (logits.argmax(-1) == tables).all()
