"""The verb that trains a model, in memory or in a run folder; it loads torch when it is called."""

from pathlib import Path

from fluxttice_core.extras import require_extra
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.storage.pretrained import TrainedModel, in_memory, load


def train(
    recipe: str | Path = "standard",
    *,
    space: str | ProductSpace | None = None,
    seed: int = 0,
    folder: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    device: str = "cpu",
    threads: int = 1,
) -> TrainedModel:
    """Train a dual VAE.

    Args:
        recipe: Name of a shipped recipe, or path of a YAML file.
        space: Space to learn or its name, such as `dna:6` or `boolean:3`; none: that of the recipe.
        seed: Seed of the run.
        folder: Run folder to write and to resume from; none: nothing is written.
        overrides: Settings to replace, such as "epochs=10".
        device: Where to compute.
        threads: Threads of one operation, whatever torch is set to; the weights depend on it.

    Returns:
        The trained model.

    Raises:
        MissingExtra: If torch is not installed.
        OperationError: If no space is called so.
        SettingsError: If the recipe is unknown, a setting is wrong, or one names another space.
        StorageError: If the folder holds another run.
        TrainingError: If the loss stops being finite.

    Example:
        >>> train("standard", overrides=("architecture.arity=1", "epochs=1", "reach.draws=100")).space.size
        27
    """
    require_extra("train", "training a model")
    from fluxttice_core.metrics.threads import fixed_threads
    from fluxttice_core.training.coverage_monitor import observe_reach
    from fluxttice_core.training.recipe import with_space
    from fluxttice_core.training.run import Run, run_settings
    from fluxttice_core.training.trainer import Trainer

    settings = run_settings(
        str(recipe), with_space(space, overrides), seed=seed, device=device, threads=threads
    )
    if folder is not None:
        Run.start(Path(folder), settings).train()
        return load(folder)
    with fixed_threads(settings.threads):
        trainer = Trainer(settings.recipe, seed=seed, observe=observe_reach, device=device)
        for _ in trainer.epochs():
            pass
    plain = settings.model_dump(mode="json")
    return in_memory(trainer.model.cpu(), settings=plain, epoch=trainer.progress.epoch, rho=trainer.rho)
