"""The verb that trains a model, in memory or in a run folder; it loads torch when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fluxttice_core.errors import SettingsError
from fluxttice_core.extras import require_extra
from fluxttice_core.storage.pretrained import TrainedModel, in_memory, load

if TYPE_CHECKING:
    from fluxttice_core.spaces.product_space import ProductSpace
    from fluxttice_core.spaces.target import Target
    from fluxttice_core.training.progress import ShowEpoch
    from fluxttice_core.training.recipe import Overrides, Recipe


def train(
    recipe: str | Path | Recipe = "standard",
    *,
    space: str | ProductSpace | None = None,
    data: str | Path | Sequence[str | Path] | Target | None = None,
    column: str | None = None,
    weights: str | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = True,
    overrides: Overrides = (),
    device: str = "cpu",
    threads: int = 1,
    progress: bool | ShowEpoch = False,
) -> TrainedModel:
    """Train a dual VAE.

    Args:
        recipe: Name of a shipped recipe, path of a YAML file, or a recipe.
        space: The space, such as "dna:6" or "boolean:4"; none: that of the recipe.
        data: Files that list what is to be learnt, an element a row, or a `Target`; none: the whole space.
        column: The column of the elements, where it is not plain.
        weights: The column of their weights or counts; none: all that are listed are alike.
        seed: Seed of the run.
        out: Run folder to write; none: nothing is written.
        resume: Whether to go on, to the same bits, with the run of these settings that `out` may hold: the
            same call, made again after it was stopped at any moment, ends with the weights that it would
            have had. Otherwise a folder that holds a run is refused.
        overrides: Settings to replace, such as {"epochs": 10, "optimizer": {"rate.peak": 0.001}} or
            ["epochs=10"].
        device: Where to compute: cpu, cuda, or cuda:1 for the second of several.
        threads: Threads of one operation, whatever torch is set to; the weights depend on it.
        progress: Whether to show a bar in a terminal or notebook; or a function to call with the
            `EpochRecord` of every epoch.

    Returns:
        The trained model.

    Raises:
        MissingExtra: If torch is not installed.
        SettingsError: If the recipe is unknown, a setting is wrong or other than that of the run in `out`, or
            the device is not there.
        OperationError: If no space is called so, or a row of the data is no element of it.
        MeasurementError: If the data cannot be read.
        StorageError: If the folder cannot be written, or holds a run that is not to be resumed.
        CheckpointError: If the run in the folder is damaged.
        TrainingError: If the loss stops being finite.

    Example:
        >>> small = {"epochs": 1, "architecture": {"arity": 1}, "reach.draws": 100}
        >>> train(overrides=small, progress=lambda record: print("epoch", record.epoch)).space.size
        epoch 1
        27
    """
    require_extra("train", "training a model")
    from fluxttice_core.metrics.threads import fixed_threads
    from fluxttice_core.model.devices import require_device
    from fluxttice_core.training.progress import shown
    from fluxttice_core.training.recipe import with_space
    from fluxttice_core.training.run import Run, run_settings, trainer_of
    from fluxttice_core.training.target_file import target_of

    if not (isinstance(progress, bool) or callable(progress)):
        raise SettingsError(
            f"progress is True, False or a function of an epoch's record, not {progress!r:.80}", "wrong_type"
        )
    overrides = with_space(space, overrides)
    target = target_of(recipe, overrides, data, column=column, weights=weights)
    settings = run_settings(recipe, overrides, seed=seed, device=device, threads=threads, target=target)
    with shown(progress, settings.recipe.epochs) as show:
        if out is not None:
            run = (Run.begin if resume else Run.start)(Path(out), settings, target)
            run.train(show)
            return load(out)
        require_device(device)
        with fixed_threads(settings.threads):
            trainer = trainer_of(settings, target)
            for record in trainer.epochs():
                show(record)
    plain = settings.model_dump(mode="json")
    return in_memory(
        trainer.model.cpu(), settings=plain, epoch=trainer.progress.epoch, rho=trainer.rho, target=target
    )
