"""Certify and measure again a model of a space that cannot be written out, by a report from samples."""

import math
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fluxttice_core.certification.candidates import Deposit
from fluxttice_core.certification.certified_folder import CertifiedFolder
from fluxttice_core.certification.finding import Finding, contradiction, failing, proved
from fluxttice_core.certification.folder_names import CARD, COMMAND, MODEL, REPORT, SETTINGS
from fluxttice_core.certification.model_card import model_card
from fluxttice_core.certification.remeasurement_cost import passed_parameters, require_repeatable_draws
from fluxttice_core.certification.sampled_check import require_sampled_complete, require_sampled_facts
from fluxttice_core.errors import CertificationError, FluxtticeError, MeasurementError, SettingsError
from fluxttice_core.evaluation.benchmark import sampled
from fluxttice_core.evaluation.result_file import sampled_result_of
from fluxttice_core.evaluation.sampled_json import read_sampled
from fluxttice_core.evaluation.sampled_report import DRAWS, QUICK_DRAWS, ROWS, Sampled, SampledReport
from fluxttice_core.evaluation.steps import ProgressCallback
from fluxttice_core.metrics.sample_figures import CodeSample, PriorSample
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.storage.canonical_json import canonical_json
from fluxttice_core.storage.pretrained import load

_MOVED = 1e-4
"""Share of draws and rows that rounding on other hardware may carry to another element."""

_OF_SPREAD = 0.05
"""Part of its own noise, and of itself, by which a statistic or a mean may move for the same reason."""


def report_by_samples(
    deposit: Deposit,
    source: Path,
    settings: MeasurementSettings | None,
    *,
    quick: bool,
    progress: ProgressCallback | None,
) -> SampledReport:
    """Measure the last checkpoint of a run, as whoever measures it again will."""
    trained = deposit.trained
    if trained.split is None:
        raise CertificationError(
            f"{source} does not record its split, so that no row is known to be held out: train by "
            "`fluxttice train`, which records it",
            "missing_record",
        )
    _require_finished(deposit, source)
    draws, seed = (QUICK_DRAWS if quick else DRAWS), 0
    if settings is not None:
        draws, seed = settings.draws[-1], settings.seed
        alone = MeasurementSettings().model_copy(update={"draws": (draws,), "seed": seed})
        if settings != alone:
            raise SettingsError(
                f"a report from samples, which {trained.space.describe()} have, takes one budget of draws "
                "and a seed: give these alone",
                "unsupported",
            )
    require_repeatable_draws(draws, trained.space, parameters=passed_parameters(trained.tensors))
    with fixed_threads():
        return sampled(trained, draws=draws, seed=seed, progress=progress)


def contents_by_samples(deposit: Deposit, report: SampledReport) -> dict[str, bytes]:
    """Every file of the folder, save sums and signature."""
    # Without what differs from one measurement of the same weights to the next.
    result = {**sampled_result_of(report, deposit.trained, COMMAND), "created": None}
    read_sampled(result["report"], name="The certificate's report")
    return {
        MODEL: deposit.model,
        SETTINGS: canonical_json(deposit.settings) + b"\n",
        REPORT: canonical_json(result) + b"\n",
        CARD: model_card(result, deposit.settings, ()).encode(),
    }


def _require_finished(deposit: Deposit, source: Path) -> None:
    recipe, epoch = deposit.settings["recipe"], deposit.trained.epoch
    if epoch == recipe["epochs"]:
        return
    resume = shlex.join(["fluxttice", "train", "--resume", str(source)])
    way = f"go on by `{resume}`" if recipe["patience"] is None else "train with --set patience=null"
    raise CertificationError(
        f"{source} gives epoch {epoch} of {recipe['epochs']}, and of a space that cannot be written out the "
        f"last one is certified, since samples rank none: give a finished run, or {way}",
        "missing_checkpoint",
    )


def remeasure_by_samples(folder: CertifiedFolder, progress: ProgressCallback | None) -> tuple[Finding, ...]:
    """Check the report against itself, and against what its weights and its controls show here."""
    try:
        require_sampled_complete(folder)
        stated, stored = folder.sampled, folder.stored
        require_sampled_facts(folder.result, stated, stored)
        trained = replace(load(folder.path / MODEL), settings=folder.settings)
        if trained.tensor_digest != stored.tensor_digest:
            raise MeasurementError(
                f"{MODEL} changed while it was read: wait until it is written", "changing_file"
            )
        draws = stated.halves[0].prior.draws
        require_repeatable_draws(draws, trained.space, parameters=passed_parameters(trained.tensors))
    except FluxtticeError as error:
        return (failing("consistency", error),)
    consistent = Finding("consistency", "proved", f"{REPORT} follows from what was counted")
    try:
        with fixed_threads():
            again = sampled(trained, draws=draws, seed=stated.seed, progress=progress)
    except FluxtticeError as error:
        return (consistent, failing("numbers", error))
    return (
        consistent,
        proved("numbers", lambda: _numbers(stated, again)),
        proved("controls", lambda: _compared(stated.controls, again.controls)),
    )


def _numbers(stated: SampledReport, again: SampledReport) -> str:
    """The halves are compared; and what is too little to show there must not carry one past a gate."""
    said = _compared(stated.halves, again.halves)
    missed = [one for one in again.gates if not one.passed]
    if missed and stated.accepted:
        gate, half = missed[0].gate, missed[0].half.upper()
        raise MeasurementError(
            f"as measured here, half {half} misses the gate “{gate.name}”, which {REPORT} says it meets",
            "gate_failed",
        )
    return said


def _compared(stated: tuple[Sampled, ...], again: tuple[Sampled, ...]) -> str:
    for one, other in zip(stated, again, strict=True):
        moved = next(_differences(one, other), None)
        if moved is not None:
            raise contradiction(f"{moved} of {one.name} is another from the weights than in {REPORT}")
    names = ", ".join(one.name for one in again)
    return f"drawn and encoded again by the same seed, {names} show what {REPORT} says"


def _differences(stated: Sampled, again: Sampled) -> Iterator[str]:
    yield from _moved_draws(stated.prior, again.prior)
    for part, one, other in (
        ("held-out rows", stated.codes, again.codes),
        ("rows of the training part", stated.trained, again.trained),
    ):
        if (one is None) != (other is None):
            yield f"whether it encodes {part}"
        if one is not None and other is not None:
            yield from (f"{name} over {part}" for name in _moved_codes(one, other))


def _moved_draws(stated: PriorSample, again: PriorSample) -> Iterator[str]:
    """What cannot be the same draws, but for a few that rounding moved."""
    moved = 2 + _MOVED * again.draws
    one, other = dict(stated.times), dict(again.times)
    # A draw that goes from one element to another changes how often both of them came.
    if sum(abs(one.get(often, 0) - other.get(often, 0)) for often in one.keys() | other.keys()) > 4 * moved:
        yield "how many elements came how often"
    for name, tests, due in (
        ("position", stated.positions, again.positions),
        ("pair", stated.pairs, again.pairs),
    ):
        for where, x, y in zip(due.names, tests.chi_square, due.chi_square, strict=True):
            if abs(x - y) > _OF_SPREAD * (math.sqrt(y) + 1):
                yield f"the law of {name} {where}"
    # A draw that goes elsewhere takes its collisions along.
    if abs(stated.collisions - again.collisions) > 4 + 4 * _MOVED * again.collisions:
        yield "the number of collisions"


def _moved_codes(stated: CodeSample, again: CodeSample) -> Iterator[str]:
    for name in ("from_mean", "from_draw"):
        if abs(getattr(stated, name).estimate - getattr(again, name).estimate) > (2 + _MOVED * ROWS) / ROWS:
            yield f"the share of rows that come back ({name})"
    for name in ("rate", "distortion"):
        one, other = getattr(stated, name), getattr(again, name)
        if not _alike(one, other):
            yield f"the {name}"


def _alike(stated: Interval, again: Interval) -> bool:
    slack = _OF_SPREAD * (again.upper - again.lower) + 1e-5 * abs(again.estimate)
    pairs = zip(
        (stated.estimate, stated.lower, stated.upper), (again.estimate, again.lower, again.upper), strict=True
    )
    return all(abs(one - other) <= slack for one, other in pairs)
