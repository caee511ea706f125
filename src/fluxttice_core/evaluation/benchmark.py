"""Measure a trained model, and nothing else: the report, and the result file."""

import time
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

import torch

from fluxttice_core.errors import CheckpointError, MeasurementError
from fluxttice_core.evaluation.caveats import GIVEN_ROWS
from fluxttice_core.evaluation.collapse import collapse_of
from fluxttice_core.evaluation.control_cache import cached_controls, controls_key
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.measure import measure
from fluxttice_core.evaluation.reference import measured_controls
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_facts import title_of_run
from fluxttice_core.evaluation.result_file import Circumstances, result_of, write_result
from fluxttice_core.evaluation.sampled_measurement import measured_by_samples
from fluxttice_core.evaluation.sampled_report import DRAWS, SampledReport
from fluxttice_core.evaluation.steps import Halves, ProgressCallback
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.metrics.distribution import generative_information
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.posterior import encode_rows, rate
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.settings import Half, MeasurementSettings, require_rules, settings_for
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.devices import require_device
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.split import HashedSplit
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.atomic_write import require_writable
from fluxttice_core.storage.environment import peak_memory
from fluxttice_core.storage.pretrained import TrainedModel, certified, load

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
_DRAWS_AT_ALL = 2**13
"""Enough to tell trained from untrained, whose G differ by tenths."""

ModelOrPath = TrainedModel | DualVAE | str | Path | None


def measured(
    model: ModelOrPath,
    settings: MeasurementSettings | None = None,
    progress: ProgressCallback | None = None,
    target: Target | None = None,
) -> Report:
    """Measure a trained model, without a target beside what it was trained on."""
    trained = require_trained(model)
    settings = settings or settings_for(trained.space)
    require_rules(settings, trained.space)
    require_device(settings.device)
    halves = _halves_on(settings.device, trained)
    require_above_floor(halves, trained.architecture, settings, trained.source)
    target = uneven(trained.target if target is None else target, trained.space)
    TargetFacts.of(target)  # refused before anything is measured, where it is too much to be listed
    report = measure(
        halves,
        controls=_controls(trained, settings, progress, target),
        settings=settings,
        split=trained.split,
        rho=trained.rho,
        title=title_of(trained),
        progress=progress,
        target=target,
    )
    given = trained.split is not None and trained.architecture.decoders == "table"
    return replace(report, limitations=(*report.limitations, GIVEN_ROWS)) if given else report


def sampled(
    model: ModelOrPath,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    device: str = "cpu",
    progress: ProgressCallback | None = None,
) -> SampledReport:
    """Measure a trained model of a space that cannot be written out, from samples."""
    trained = require_trained(model)
    if trained.target is not None:
        raise MeasurementError(
            f"{trained.source} was trained on rows of a space of {trained.space.size:,} elements, of which "
            "p(x) is not measured: draw from it by `model.sample(n)`, and audit the draws against the rows",
            "unsupported",
        )
    require_device(device)
    return measured_by_samples(
        _halves_on(device, trained),
        untrained_halves(trained.architecture, 0, scheme_of(trained), device),
        parts=trained.split if isinstance(trained.split, HashedSplit) else None,
        draws=draws,
        seed=seed,
        device=device,
        title=title_of(trained),
        progress=progress,
    )


def benchmark(
    target: ModelOrPath,
    out: Path | None,
    *,
    command: str,
    settings: MeasurementSettings | None = None,
    progress: ProgressCallback | None = None,
) -> Report:
    """Measure a trained model and write the result file.

    Args:
        target: A trained model, or the path of one.
        out: The result file; none: nothing is written.
        command: The command that repeats this.
        settings: Everything that the measurement is made with; none: `settings_for` its space.
        progress: Called with what comes next and the share that is done.

    Raises:
        CheckpointError: If no trained model is given, or its weights score as untrained ones do.
        SettingsError: If the device is not there.
        MeasurementError: If the result would be incomplete.
        StorageError: If the file cannot be written.
    """
    if target is None:
        raise CheckpointError(
            "there is nothing to measure without a trained checkpoint: give the path of one, or ask for the "
            "certified model",
            "missing_option",
        )
    if out is not None:
        require_writable(out)
    started = time.perf_counter()
    trained = require_trained(target)
    report = measured(trained, settings, progress)
    if out is not None:
        spent = Circumstances(command, time.perf_counter() - started, peak_memory())
        write_result(out, result_of(report, trained, spent))
    return report


def require_trained(target: ModelOrPath) -> TrainedModel:
    """The model, if its file says that it was trained."""
    if isinstance(target, DualVAE):
        raise CheckpointError(
            "a bare DualVAE has no record of any training: give a checkpoint of it, or one of its halves by "
            "coverage_report(decoder=model.vae_b)",
            "untrained",
        )
    if not (target is None or isinstance(target, TrainedModel | str | Path)):
        raise MeasurementError(
            f"{target!r:.80} is no trained model: give one, the path of one, or a decoder from elsewhere by "
            "coverage_report(decoder=...)",
            "wrong_type",
        )
    trained = target if isinstance(target, TrainedModel) else certified() if target is None else load(target)
    if not trained.trained:
        raise CheckpointError(
            f"{trained.source} records that its weights were never trained: train it, then measure it",
            "untrained",
        )
    return trained


def _halves_on(device: str, trained: TrainedModel) -> Halves:
    network = trained.model if device == "cpu" else deepcopy(trained.model).to(device)
    return {"a": network.vae_a, "b": network.vae_b}


def untrained_halves(
    architecture: Architecture, seed: int, scheme: Scheme = "independent", device: str = "cpu"
) -> Halves:
    """Both halves of a freshly initialised network."""
    generator = torch.Generator().manual_seed(seed)
    fresh = DualVAE.initialised(architecture, generator, scheme).eval().to(device)
    return {"a": fresh.vae_a, "b": fresh.vae_b}


def scheme_of(trained: TrainedModel) -> Scheme:
    """How the weights were drawn before training, where its floor has to start: unrecorded, as originally."""
    recipe = (trained.settings or {}).get("recipe")
    recorded = recipe.get("initialisation") if isinstance(recipe, dict) else None
    return next((scheme for scheme in SCHEMES if scheme == recorded), "independent")


def _controls(
    trained: TrainedModel,
    settings: MeasurementSettings,
    progress: ProgressCallback | None,
    target: Target | None,
) -> tuple[Control, ...]:
    architecture, scheme = trained.architecture, scheme_of(trained)
    key = controls_key(architecture, scheme, settings, trained.split, trained.rho, target)
    untrained = partial(untrained_halves, architecture, scheme=scheme, device=settings.device)
    known = (settings, trained.split, trained.rho, progress, target)
    return cached_controls(key, lambda: measured_controls(trained.space, untrained, *known))


def require_above_floor(
    halves: Halves, architecture: Architecture, settings: MeasurementSettings, source: str
) -> None:
    """Refuse weights whose codes say no more than untrained ones, however drawn, unless they collapsed.

    A half that spends no rate, or gives one operation whatever the latent, is less than untrained: training
    made it so, and its figures show it.
    """
    # Only their figures are kept: the networks, of a shape that a stranger chose, would fill the memory.
    untrained = [
        _informations(untrained_halves(architecture, seed, scheme, settings.device), settings)
        for scheme in SCHEMES
        for seed in range(settings.untrained_seeds)
    ]
    for half, shown in _informations(halves, settings).items():
        floor = max(fresh[half] for fresh in untrained)
        if shown <= floor and not _has_collapsed(halves[half], settings):
            raise CheckpointError(
                f"half {half.upper()} of {source} scores G = {shown:.4f}, and untrained networks of its "
                f"shape up to {floor:.4f}: nothing tells these weights from untrained ones, whatever their "
                "file says; train longer, or otherwise",
                "untrained",
            )


def _informations(halves: Halves, settings: MeasurementSettings) -> dict[Half, float]:
    found: dict[Half, float] = {}
    for half, model in halves.items():
        generator = measurement_stream(settings.seed, "trained at all", device=settings.device)
        mass = estimate_mass(model, _DRAWS_AT_ALL, generator=generator, groups=2)
        found[half] = generative_information(mass).value
    return found


def _has_collapsed(model: Decodable, settings: MeasurementSettings) -> bool:
    generator = measurement_stream(settings.seed, "collapsed", device=settings.device)
    spent = None
    if isinstance(model, Autoencoder):
        spent = rate(encode_rows(model, device=torch.device(settings.device))).total
    with torch.inference_mode():
        z = torch.randn(_DRAWS_AT_ALL, model.latent_dim, generator=generator, device=settings.device)
        outputs = len(torch.unique(model.decode_logits(z).argmax(-1), dim=0))
    return collapse_of(spent, outputs) is not None


def title_of(trained: TrainedModel) -> str:
    """What a report of a model is headed with."""
    name = trained.recipe_name or Path(trained.source).name
    return title_of_run(name, trained.epoch, trained.seed)
