"""Learning rows and weights from files: what is read, what a run keeps of it, and what is refused."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

import fluxttice_core as fx
from fluxttice_core.errors import CheckpointError, ErrorCode, FluxtticeError, SettingsError
from fluxttice_core.metrics.sampling import DecoderSampler
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.target_tensors import read_written_target, write_target
from fluxttice_core.training.coverage_monitor import observe_reach
from fluxttice_core.training.recipe_settings import ReachSettings
from fluxttice_core.training.run import Run, run_settings
from fluxttice_core.training.target_file import read_target
from tests.refusals import refused

CODONS = space_of("codons")
QUICK = ("epochs=2", "batch_size=8", "reach.draws=50", "transport.amortisation=null")


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("name", "lines", "how", "rows", "q"),
    [
        ("a.txt", ["AAA", "TTT", "aaa"], {}, ["AAA", "TTT"], [0.5, 0.5]),
        (
            "a.csv",
            ["codon,reads", "AUG,3", "AAA,1", "AAA,0"],
            {"weights": "reads"},
            ["AAA", "ATG"],
            [0.25, 0.75],
        ),
        ("a.tsv", ["x\tword\ty", "1\tAAC\t2", "1\tAAG\t2"], {"column": "word"}, ["AAC", "AAG"], [0.5, 0.5]),
        (
            "a.jsonl",
            ['{"codon": "CCC", "n": 1}', '{"codon": "GGG", "n": 3}'],
            {"weights": "n"},
            ["CCC", "GGG"],
            [0.25, 0.75],
        ),
    ],
)
def test_files_say_rows_and_weights(
    tmp_path: Path, name: str, lines: list[str], how: dict[str, str], rows: list[str], q: list[float]
) -> None:
    found = read_target("codons", written(tmp_path / name, *lines), **how)
    assert sorted(CODONS.strings(found.rows)) == rows
    said = dict(zip(CODONS.strings(found.rows), found.q.tolist(), strict=True))
    assert [said[row] for row in rows] == pytest.approx(q)


def test_indices_operations_and_compressed_files_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "i.npy", np.array([5, 5, 63]))
    assert read_target("codons", tmp_path / "i.npy").rows.tolist() == [5, 63]
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"0x8000\n0x0001\n"))
    assert read_target("boolean:4", tmp_path / "b.txt.gz").rows.tolist() == [1, 0x8000]
    shards = [written(tmp_path / f"{n}.txt", word) for n, word in enumerate(("AAA", "CAA"))]
    assert read_target(CODONS, shards).rows.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("lines", "how", "code", "part"),
    [
        (["AAA", "AAN"], {}, "malformed", "'N' at position 3"),
        (["AAA", "AA"], {}, "wrong_shape", "lists what is not in codons"),
        (["codon,reads", "AAA,2"], {}, "ambiguous", "a column 'reads'"),
        (
            ["codon,reads", "AAA,2"],
            {"weights": "n"},
            "unknown_column",
            "has no column 'n': it has codon, reads",
        ),
        (
            ["codon,reads", "AAA,x"],
            {"weights": "reads"},
            "malformed",
            "the weight of 'AAA' in the column 'reads'",
        ),
        (["codon,reads", "AAA,-1"], {"weights": "reads"}, "malformed", "no number from 0 upwards"),
        (["codon,reads", ",1"], {"weights": "reads"}, "missing_value", "rows without an element"),
        (["codon,reads", "AAA,0"], {"weights": "reads"}, "out_of_range", "one of them above 0"),
        (["u,v", "AAA,CCC"], {}, "ambiguous", "name the one with the elements"),
    ],
)
def test_what_is_no_target_is_refused(
    tmp_path: Path, lines: list[str], how: dict[str, str], code: ErrorCode, part: str
) -> None:
    with refused(FluxtticeError, code, part):
        read_target("codons", written(tmp_path / "rows.csv", *lines), **how)


def test_columns_without_data_and_targets_of_another_space_are_refused() -> None:
    with refused(SettingsError, "missing_option", "give the data, or leave the columns out"):
        fx.train(space="codons", weights="n", overrides=QUICK)
    with refused(SettingsError, "space_mismatch", "the target is of codons, and the recipe of rna:3"):
        fx.train(space="rna:3", data=Target.of(CODONS, [1, 2]), overrides=QUICK)


def test_rows_too_few_to_be_split_are_refused_by_their_number() -> None:
    with refused(SettingsError, "out_of_range", "the rows are 9, too few", "give ten different ones or more"):
        fx.train(space=CODONS, data=some(9), overrides=QUICK)
    assert fx.train(space=CODONS, data=some(10), overrides=QUICK).target is not None


def some(n: int = 40) -> Target:
    return Target.of(CODONS, range(n), range(1, n + 1))


def test_a_run_keeps_its_target_and_its_split(tmp_path: Path) -> None:
    target = some()
    trained = fx.train(space="codons", data=target, overrides=QUICK, out=tmp_path / "run")
    assert trained.target is not None
    assert trained.target.digest() == target.digest()
    assert trained.split is not None
    parts = np.concatenate((trained.split.train, trained.split.validation, trained.split.held_out))
    assert sorted(parts.tolist()) == target.rows.tolist()
    memory = fx.train(space="codons", data=target, overrides=QUICK)
    assert memory.tensor_digest == trained.tensor_digest
    assert fx.train(space="codons", overrides=QUICK).tensor_digest != trained.tensor_digest
    (tmp_path / "run" / TARGET).rename(tmp_path / "elsewhere")
    with refused(CheckpointError, "missing_file", f"{TARGET} beside it"):
        fx.load(tmp_path / "run")


def test_a_run_that_was_stopped_goes_on_with_its_target(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(_: object) -> None:
        raise StoppedError

    settings = run_settings("standard", ("architecture.space=codons", *QUICK), target=some())
    with pytest.raises(StoppedError):
        Run.start(tmp_path / "stopped", settings, some()).train(stop)
    resumed = Run.open(tmp_path / "stopped").train().model_tensors()
    whole = Run.start(tmp_path / "whole", settings, some()).train().model_tensors()
    assert all(torch.equal(tensor, whole[name]) for name, tensor in resumed.items())


@pytest.mark.parametrize("other", [some(41), Target.of(CODONS, range(40))])
def test_another_target_beside_a_run_is_refused(tmp_path: Path, other: Target) -> None:
    settings = run_settings("standard", ("architecture.space=codons", *QUICK), target=some())
    Run.start(tmp_path / "run", settings, some()).train()
    write_target(tmp_path / "run", other)
    with refused(CheckpointError, "digest_mismatch", "other rows or weights than the model was trained on"):
        fx.load(tmp_path / "run")
    with refused(CheckpointError, "digest_mismatch", TARGET):
        Run.open(tmp_path / "run").train()


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\x00" * 64])
def test_a_damaged_target_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TARGET).write_bytes(content)
    with refused(CheckpointError, "damaged_file", TARGET):
        read_written_target(tmp_path, CODONS, some().digest())


@pytest.mark.parametrize("seed", range(6))
def test_targets_of_many_weights_come_back_with_their_digest(tmp_path: Path, seed: int) -> None:
    """Weights were once divided by their sum again, whose last digits moved one digest in twenty."""
    generator, words = np.random.default_rng(seed), space_of("dna:8")
    target = Target.of(
        words, generator.choice(words.size, 20_000, replace=False), generator.exponential(size=20_000)
    )
    write_target(tmp_path, target)
    found = read_written_target(tmp_path, words, target.digest())
    assert np.array_equal(found.q, target.q)


@pytest.mark.usefixtures("unchecked_types")
@pytest.mark.parametrize(
    ("rows", "weights"),
    [
        ([2, 1], None),
        ([1, 1], None),
        ([], None),
        ([1, 2], [0.5, 0.4]),
        ([1, 2], [1.5, -0.5]),
        ([1, 2], [0.5, np.nan]),
        ([1, 2], [1.0]),
    ],
)
def test_a_file_that_is_no_target_is_damaged_whatever_its_digest(
    tmp_path: Path, rows: list[int], weights: list[float] | None
) -> None:
    forged = Target(CODONS, np.array(rows, dtype=np.int64), None if weights is None else np.array(weights))
    write_target(tmp_path, forged)
    with refused(CheckpointError, "damaged_file", TARGET):
        read_written_target(tmp_path, CODONS, forged.digest())


def test_rows_outside_of_the_space_make_a_target_file_damaged(tmp_path: Path) -> None:
    write_target(tmp_path, Target(space_of("dna:6"), np.array([1, 4000])))
    with refused(CheckpointError, "damaged_file", "outside 0 to 63"):
        read_written_target(tmp_path, CODONS, some().digest())


def test_reach_is_counted_in_the_support_and_held_against_its_own_law() -> None:
    trained = fx.train(space="codons", overrides=QUICK)
    settings, target = ReachSettings(draws=2_000), Target.of(CODONS, [3, 9], [1.0, 3.0])
    found = observe_reach(trained.model, settings, torch.Generator().manual_seed(0), target)
    drawn = DecoderSampler(trained.vae_a, "argmax").sample(2_000, torch.Generator().manual_seed(0))
    assert found.distinct_a == len(set(drawn.tolist()) & {3, 9})
    assert found.expected == pytest.approx(2.0)
    whole = observe_reach(trained.model, settings, torch.Generator().manual_seed(0))
    assert whole.distinct_a == len(set(drawn.tolist()))


@pytest.mark.parametrize(("overrides", "reaches"), [((), True), (("transport=null",), False)])
def test_the_standard_recipe_reaches_a_small_space_evenly(overrides: Sequence[str], reaches: bool) -> None:
    trained = fx.train(space="boolean:2", overrides=tuple(overrides))
    for half in (trained.vae_a, trained.vae_b):
        drawn = DecoderSampler(half, "argmax").sample(32_000, torch.Generator().manual_seed(0))
        shares = np.bincount(drawn.numpy(), minlength=16) / 32_000
        even = bool(np.abs(shares - 1 / 16).max() < 0.01)
        assert even == reaches
