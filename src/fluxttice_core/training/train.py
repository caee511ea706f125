"""The verb that trains a model, in memory or in a run folder; it loads torch when it is called."""

from collections.abc import Sequence
from pathlib import Path

from fluxttice_core.extras import require_extra
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import in_space
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.pretrained import TrainedModel, in_memory, load


def train(
    recipe: str | Path = "standard",
    *,
    space: str | ProductSpace | None = None,
    data: str | Path | Sequence[str | Path] | Target | None = None,
    column: str | None = None,
    weights: str | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    device: str = "cpu",
    threads: int = 1,
) -> TrainedModel:
    """Train a dual VAE.

    Args:
        recipe: Name of a shipped recipe, or path of a YAML file.
        space: The space, such as "dna:6" or "boolean:4"; none: that of the recipe.
        data: Files that list what is to be learnt, an element a row, or a `Target`; none: the whole space.
        column: The column of the elements, where it is not plain.
        weights: The column of their weights or counts; none: all that are listed are alike.
        seed: Seed of the run.
        folder: Run folder to write and to resume from; none: nothing is written.
        overrides: Settings to replace, such as "epochs=10".
        device: Where to compute.
        threads: Threads of one operation, whatever torch is set to; the weights depend on it.

    Returns:
        The trained model.

    Raises:
        MissingExtra: If torch is not installed.
        SettingsError: If the recipe is unknown or a setting is wrong.
        OperationError: If no space is called so, or a row of the data is no element of it.
        MeasurementError: If the data cannot be read.
        StorageError: If the folder holds another run.
        TrainingError: If the loss stops being finite.

    Example:
        >>> train("standard", overrides=("architecture.arity=1", "epochs=1", "reach.draws=100")).space.size
        27
    """
    require_extra("train", "training a model")
    from functools import partial

    from fluxttice_core.metrics.threads import fixed_threads
    from fluxttice_core.training.coverage_monitor import observe_reach
    from fluxttice_core.training.run import Run, run_settings
    from fluxttice_core.training.target_file import target_of
    from fluxttice_core.training.trainer import Trainer

    overrides = (*overrides, *in_space(space))
    target = target_of(str(recipe), overrides, data, column=column, weights=weights)
    settings = run_settings(str(recipe), overrides, seed=seed, device=device, threads=threads, target=target)
    if folder is not None:
        Run.start(Path(folder), settings, target).train()
        return load(folder)
    with fixed_threads(settings.threads):
        trainer = Trainer(
            settings.recipe,
            seed=seed,
            observe=partial(observe_reach, target=target),
            device=device,
            target=target,
        )
        for _ in trainer.epochs():
            pass
    plain = settings.model_dump(mode="json")
    return in_memory(
        trainer.model.cpu(), settings=plain, epoch=trainer.progress.epoch, rho=trainer.rho, target=target
    )
