"""Certificates of a target, forged by whoever mends sums and signature, too: each lie has its code."""

import math
import os
import shutil
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from safetensors.numpy import save

from fluxttice_core.certification.certified_folder import CertifiedFolder
from fluxttice_core.certification.certify import certify
from fluxttice_core.certification.keys import new_private_key
from fluxttice_core.certification.origin import require_origin
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.certification.target_check import require_thresholds
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import CheckpointError
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.metrics.perfect import ceiling_of
from fluxttice_core.model.network_shape import CERTAIN
from fluxttice_core.model.threshold_table import threshold_table
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.checkpoint import encode_model
from fluxttice_core.storage.pretrained import load
from fluxttice_core.storage.target_tensors import target_bytes
from fluxttice_core.storage.tensors import encode_tensors, tensor_digest
from tests.attacks.conftest import Lid
from tests.attacks.test_forged_certificates import (
    Forgery,
    Found,
    card,
    found,
    header,
    in_report,
    lied,
    settings,
    signed,
)
from tests.certification.test_verify import codes, edit, metric, model_of, reseal, write_card
from tests.refusals import refused
from tests.targets import CODONS, SETTINGS, SOME

FILE = "target.safetensors"


@pytest.fixture
def folder(target_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(target_certificate, tmp_path / "certified")


def test_the_untouched_folder_holds(folder: Path) -> None:
    signed(folder)
    assert found(folder) == {}


# --- other targets -----------------------------------------------------------------------------------------


def swapped() -> Target:
    """As many rows with the same probabilities, and others of them."""
    return Target(CODONS, np.array([1, *SOME.rows[1:]]), SOME.weights)


def reweighted() -> Target:
    """The same rows, as likely the other way round."""
    return Target.of(CODONS, SOME.rows, SOME.q[::-1].tolist())


def exchanged() -> Target:
    """The same rows and probabilities, but for two that are exchanged."""
    q = SOME.q.copy()
    q[[0, 1]] = q[[1, 0]]
    return Target(CODONS, SOME.rows, q)


def longer() -> Target:
    return Target.of(CODONS, [*SOME.rows.tolist(), 61], [*SOME.q.tolist(), 0.01])


def shorter() -> Target:
    return Target.of(CODONS, SOME.rows[:-1], SOME.q[:-1].tolist())


def even() -> Target:
    """The same rows, all alike."""
    return Target.of(CODONS, SOME.rows)


OTHERS = {made.__name__: made for made in (swapped, reweighted, exchanged, longer, shorter, even)}


@pytest.fixture(params=OTHERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def other(name: str) -> Target:
    return OTHERS[name]()


def file_alone(folder: Path, other: Target) -> None:
    (folder / FILE).write_bytes(target_bytes(other))


def digests_too(folder: Path, other: Target) -> None:
    """The file, and its digest wherever it stands."""
    file_alone(folder, other)
    named = {"target_sha256": other.digest()}
    settings(lambda values: values.update(named), lambda record: record.update(named))(folder)
    edit(folder, "report.json", lambda result: result["target"].update(sha256=other.digest()))
    write_card(folder)


def facts_too(folder: Path, other: Target) -> None:
    """All that, and what the report says of the target, but for what was measured."""
    digests_too(folder, other)
    facts = TargetFacts.of(other)
    assert facts is not None
    in_report(lambda result: result.update(target=facts.as_plain()))(folder)


def split_too(folder: Path, other: Target) -> None:
    """All that, and the split of the rows."""
    facts_too(folder, other)
    parts = split(CODONS, 42, rows=other.rows)
    sizes = {name: len(getattr(parts, name)) for name in ("train", "validation", "held_out")}
    header(folder, lambda record: record["split"].update(digest=parts.digest))
    in_report(lambda result: result["data"]["split"].update(sha256=parts.digest, **sizes))(folder)


def test_another_target_is_not_the_one_that_was_signed(folder: Path, other: Target) -> None:
    key = new_private_key()
    sign_folder(folder, key, folder / "model.sig")
    file_alone(folder, other)
    reseal(folder)
    assert verify(folder, public_key=key.public_key())[0].code == "digest_mismatch"


def test_another_target_is_not_the_one_that_the_weights_name(folder: Path, other: Target) -> None:
    file_alone(folder, other)
    signed(folder)
    assert found(folder) == {"target": "digest_mismatch"}


def test_digests_that_are_mended_leave_facts_that_are_not(folder: Path, name: str, other: Target) -> None:
    digests_too(folder, other)
    signed(folder)
    # With the same probabilities they have the same facts: the split tells others of the rows, and the
    # thresholds others of the weights.
    same = {"swapped": "digest_mismatch", "reweighted": "model_mismatch", "exchanged": "model_mismatch"}
    assert found(folder) == {"target": same.get(name, "contradictory_report")}


def test_facts_and_split_that_are_mended_leave_ceilings_and_thresholds_that_are_not(
    folder: Path, name: str, other: Target
) -> None:
    split_too(folder, other)
    signed(folder)
    ceilings = {} if name in ("swapped", "reweighted", "exchanged") else {"report": "contradictory_report"}
    assert found(folder) == {"target": "model_mismatch", **ceilings}


def test_figures_that_were_not_mended_are_found_by_measuring_again(folder: Path) -> None:
    """As all of them are where decoders read no table."""
    split_too(folder, exchanged())
    assert "numbers" in codes(remeasure(folder))


def test_a_report_that_is_measured_anew_leaves_thresholds_that_are_not(folder: Path, tmp_path: Path) -> None:
    """A model of uneven rows is called one of even rows, and everything is measured beside those."""
    digests_too(folder, even())
    header(folder, lambda record: record["split"].update(digest=split(CODONS, 42, rows=SOME.rows).digest))
    forged = tmp_path / "forged"
    certify(folder, forged, draw=lambda _: {}, settings=SETTINGS, allow_uncertified=True)
    (forged / "figures").mkdir(exist_ok=True)
    signed(forged)
    # That it gives some rows more often than others is seen besides.
    assert found(forged) == {"target": "model_mismatch", "gates": "gate_failed"}


# --- what else speaks of a target --------------------------------------------------------------------------


def without_file(folder: Path) -> None:
    (folder / FILE).unlink()


def without_target(folder: Path) -> None:
    """No file, and nothing in settings and weights; the report still says what was measured."""
    without_file(folder)
    settings(lambda values: values.pop("target_sha256"), lambda record: record.pop("target_sha256"))(folder)


def other_cuts(folder: Path) -> None:
    """Weights that give other rows, under the target of these."""
    before, record = model_of(folder)
    tensors = {**before, "thresholds.cuts": threshold_table(even())}
    data = encode_model(tensors, record)
    (folder / "model.safetensors").write_bytes(data)
    named = {"tensor_sha256": tensor_digest(tensors)}
    in_report(lambda result: result["model"].update(named))(folder)
    header(folder, lambda _: None)
    edit(folder, "selection.json", lambda record: record["ranking"][0].update(named))
    write_card(folder)


def lowered(result: Any) -> None:
    for record in result["gates"]:
        if record["gate"]["quantity"] == "argmax_kl_to_target_within":
            record["gate"]["threshold"] = 1.0


def gates_of_a_space(result: Any) -> None:
    result["gates"] = [r for r in result["gates"] if r["gate"]["quantity"] != "argmax_kl_to_target_within"]


def a_report_of_a_space(result: Any) -> None:
    del result["target"]
    result["schema_version"] = 3


def ceiling(result: Any) -> None:
    metric(result, "coverage/argmax/100")["ceiling"] += 0.01


LIES: dict[str, tuple[Forgery, Found]] = {
    "no file": (without_file, {"target": "missing_file"}),
    "no file, and none that the weights name": (without_target, {"weights": "contradictory_report"}),
    "other thresholds": (other_cuts, {"target": "model_mismatch"}),
    "a lower gate": (in_report(lowered), {"gates": "contradictory_report"}),
    "a gate less": (in_report(gates_of_a_space), {"gates": "contradictory_report"}),
    "another ceiling": (in_report(ceiling), {"report": "contradictory_report"}),
    "more rows on the card": (
        card("| elements of the target | 30 |", "| elements of the target | 31 |"),
        {"card": "contradictory_report"},
    ),
    "held-out rows that nothing was told of": (
        card("| thresholds of the decoders | computed from all rows |\n", ""),
        {"card": "contradictory_report"},
    ),
    "another entropy on the card": (card("nats | 3.29", "nats | 3.30"), {"card": "contradictory_report"}),
    "another settings' target": (
        settings(lambda values: values.update(target_sha256="0" * 64)),
        {"settings": "contradictory_report"},
    ),
    "another header's target": (
        lambda folder: header(folder, lambda record: record.update(target_sha256="0" * 64)),
        {
            "settings": "contradictory_report",
            "weights": "contradictory_report",
            "target": "digest_mismatch",
        },
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found_by_its_code(folder: Path, lie: str) -> None:
    lied(folder, *LIES[lie])


def test_a_report_without_its_target_is_of_no_model_here(folder: Path) -> None:
    edit(folder, "report.json", a_report_of_a_space)
    signed(folder)
    failing = found(folder)
    assert failing["report"] == "incomplete_report"
    assert failing["weights"] == failing["target"] == "contradictory_report"


def test_a_target_beside_a_model_of_a_whole_space_is_found(small_certificate: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small_certificate, tmp_path / "certified")
    signed(folder)
    assert found(folder) == {}
    (folder / FILE).write_bytes(target_bytes(SOME))
    signed(folder)
    assert found(folder) == {"target": "unexpected_file"}


def test_a_target_of_a_report_alone_is_found(small_certificate: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small_certificate, tmp_path / "certified")
    facts = TargetFacts.of(Target.of(load(folder).space, range(20)))
    assert facts is not None
    edit(folder, "report.json", lambda result: result.update(target=facts.as_plain(), schema_version=3))
    signed(folder)
    assert found(folder)["weights"] == "contradictory_report"


# --- files that are no target ------------------------------------------------------------------------------

ROWS, Q = SOME.rows, SOME.q
NOT_CANONICAL: dict[str, dict[str, np.ndarray]] = {
    "a row twice": {"rows": np.sort(np.array([0, *ROWS[:-1]])), "weights": Q},
    "another order": {"rows": ROWS[::-1].copy(), "weights": Q[::-1].copy()},
    "a row outside of the space": {"rows": np.array([*ROWS[:-1], 64]), "weights": Q},
    "a row before the first": {"rows": np.array([-1, *ROWS[1:]]), "weights": Q},
    "rows far away": {"rows": np.array([-(2**63), 2**63 - 1]), "weights": np.array([0.25, 0.75])},
    "rows of 32 bits": {"rows": ROWS.astype(np.int32), "weights": Q},
    "rows that are fractions": {"rows": ROWS.astype(np.float64), "weights": Q},
    "rows of rows": {"rows": ROWS.reshape(2, -1), "weights": Q.reshape(2, -1)},
    "no rows": {"rows": ROWS[:0], "weights": Q[:0]},
    "weights alone": {"weights": Q},
    "a weight less": {"rows": ROWS, "weights": Q[:-1]},
    "a weight of 0": {"rows": ROWS, "weights": np.array([0.0, Q[0] + Q[1], *Q[2:]])},
    "a weight below 0": {"rows": ROWS, "weights": np.array([-Q[0], 2 * Q[0] + Q[1], *Q[2:]])},
    "no number": {"rows": ROWS, "weights": np.array([np.nan, *Q[1:]])},
    "an infinite weight": {"rows": ROWS, "weights": np.array([np.inf, *Q[1:]])},
    "weights beyond all sums": {"rows": ROWS, "weights": np.full(30, 1.7e308)},
    "counts": {"rows": ROWS, "weights": np.arange(1.0, 31.0)},
    "weights in single precision": {"rows": ROWS, "weights": Q.astype(np.float32)},
    "weights that are all alike": {"rows": ROWS, "weights": np.full(30, 1 / 30)},
    "something else": {"rows": ROWS, "weights": Q, "names": ROWS},
}


@pytest.mark.parametrize("what", NOT_CANONICAL)
def test_a_file_that_is_no_target_is_damaged_whatever_its_digest(folder: Path, what: str) -> None:
    (folder / FILE).write_bytes(save(NOT_CANONICAL[what], metadata={"fluxttice": SOME.digest()}))
    signed(folder)
    assert found(folder) == {"target": "damaged_file"}
    with refused(CheckpointError, "damaged_file"):
        load(folder)


def test_a_file_that_names_another_digest_is_found(folder: Path) -> None:
    tensors = {"rows": ROWS, "weights": Q}
    for metadata, due in ((SOME.digest(), {}), ("0" * 64, {"target": "digest_mismatch"})):
        (folder / FILE).write_bytes(save(tensors, metadata={"fluxttice": metadata}))
        signed(folder)
        assert found(folder) == due


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_a_file_that_was_cut_is_damaged(folder: Path, kept: int) -> None:
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:kept])
    signed(folder)
    assert found(folder) == {"target": "damaged_file"}


def test_a_pickle_in_its_place_is_not_opened(folder: Path, canary: Path) -> None:
    (folder / FILE).write_bytes(f"cos\nsystem\n(S'touch {canary}'\ntR.".encode())
    signed(folder)
    assert found(folder) == {"target": "damaged_file"}
    assert not canary.exists()


def test_a_link_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / FILE).rename(tmp_path / FILE)
    (folder / FILE).symlink_to(tmp_path / FILE)
    assert found(folder) == {"sums": "not_a_file", "card": "not_a_file", "drawings": "not_a_file"} | {
        "target": "unreadable_file"
    }


def test_a_file_of_more_than_its_space_is_refused_before_it_is_read(folder: Path, memory_lid: Lid) -> None:
    for size in (2 << 20, 1 << 40):
        os.truncate(folder / FILE, size)
        with memory_lid():
            assert found(folder)["target"] == "too_large"
            with refused(CheckpointError, "too_large"):
                load(folder)


# --- what hardly weighs anything, and what costs much -------------------------------------------------------


def test_rows_of_hardly_any_mass_are_not_cut_off_unseen() -> None:
    bits = space_of("01^12")
    rare = Target.of(bits, range(bits.size), [1.0, 4e-7] * (bits.size // 2))
    due = threshold_table(rare)

    def told(cuts: np.ndarray) -> str:
        record = SimpleNamespace(architecture={"decoders": "table"})
        stored = SimpleNamespace(record=record, misfit=None)
        data = encode_tensors({"thresholds.cuts": cuts}, "{}")
        return require_thresholds(cast(Any, SimpleNamespace(stored=stored, data=lambda _: data)), rare)

    assert "computed from it" in told(due)
    assert "computed from it" in told(np.nextafter(due, np.float32(np.inf)))
    without = due.copy()
    without[0, 0] = CERTAIN  # every odd element, 4 in 10 million of the mass, is never made
    with refused(CheckpointError, "model_mismatch"):
        told(without)


def test_an_imported_model_has_no_target(folder: Path) -> None:
    record = CertifiedFolder(folder).stored.record
    known = {"file": "old.pt", "sha256": "ab" * 32, "epoch": record.epoch, "best_validation_loss": 0.5}
    known |= {"rho": record.rho, "lambdas": [0.0] * 3, "phase": 1, "unknown": ["settings", "seed", "split"]}
    unknown = dict.fromkeys(("split", "recipe", "seed", "steps"))
    with refused(CheckpointError, "contradictory_report"):
        require_origin({"imported": known}, record.model_copy(update=unknown))
    require_origin({"imported": known}, record.model_copy(update=unknown | {"target_sha256": None}))


def test_a_report_that_claims_many_elements_costs_little_more_than_their_list() -> None:
    bits = space_of("01^20")
    levels = ((0.25 / 2**19, 2**19), (0.75 / 2**19, 2**19))
    law = TargetFacts(bits, "0" * 64, levels).law
    tracemalloc.start()
    found = [ceiling_of(law, draws).expected for draws in (10**4, 10**5, 10**6)]
    assert law.entropy == pytest.approx(20 * math.log(2) - 0.130812, abs=1e-5)
    spent = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == sorted(found)
    assert spent < 2**20
