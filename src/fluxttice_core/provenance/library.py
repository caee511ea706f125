"""The verbs that a program calls first: encode and decode with the certified model, and train another."""

from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int8

from fluxttice_core.model.dual_vae import HalfName
from fluxttice_core.provenance.run import Run, run_settings
from fluxttice_core.provenance.trained import TrainedModel, certified, in_memory, load
from fluxttice_core.provenance.watch import observe_reach
from fluxttice_core.training.loop import Trainer


def encode(operations: object, *, vae: HalfName = "b") -> Float32[np.ndarray, "n d"]:
    """Posterior means of operations under the certified model.

    Args:
        operations: One or many, in any notation: index, trits, table, string, array, or a list of these.
        vae: Which half encodes.

    Returns:
        One row of 16 latents an operation.

    Raises:
        OperationError: If an operation cannot be read.

    Example:
        >>> encode([15633, "+0-0+-+-0"]).shape
        (2, 16)
    """
    return certified().encode(operations, vae=vae)


def decode(
    latents: object, *, vae: HalfName = "b", probabilities: bool = False
) -> Int8[np.ndarray, "n cells"] | Float32[np.ndarray, "n cells base"]:
    """Most likely tables of latents under the certified model, or the probabilities of every symbol.

    Args:
        latents: One latent or rows of them.
        vae: Which half decodes.
        probabilities: Whether to return probabilities (n, 9, 3) instead of tables (n, 9).

    Raises:
        OperationError: If the latents are not finite rows of 16.

    Example:
        >>> decode(encode(15633), probabilities=True).shape
        (1, 9, 3)
    """
    return certified().decode(latents, vae=vae, probabilities=probabilities)


def train(
    recipe: str | Path = "standard",
    *,
    seed: int = 0,
    folder: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    device: str = "cpu",
) -> TrainedModel:
    """Train a dual VAE.

    Args:
        recipe: Name of a shipped recipe, or path of a YAML file.
        seed: Seed of the run.
        folder: Run folder to write and to resume from; none: nothing is written.
        overrides: Settings to replace, such as "epochs=10".
        device: Where to compute.

    Returns:
        The trained model.

    Raises:
        SettingsError: If the recipe is unknown or a setting is wrong.
        StorageError: If the folder holds another run.
        TrainingError: If the loss stops being finite.

    Example:
        >>> train("standard", overrides=("architecture.arity=1", "epochs=1", "reach.draws=100")).space.size
        27
    """
    settings = run_settings(str(recipe), overrides, seed=seed, device=device)
    if folder is not None:
        Run.start(Path(folder), settings).train()
        return load(folder)
    trainer = Trainer(settings.recipe, seed=seed, observe=observe_reach, device=device)
    for _ in trainer.epochs():
        pass
    epoch = trainer.progress.epoch
    return in_memory(trainer.model.cpu(), recipe=settings.recipe, epoch=epoch, seed=seed, rho=trainer.rho)
