"""Watching the reach of the prior while a model trains."""

import torch

from fluxttice_core.metrics.sampling import DecoderSampler, distinct_count
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.statistics.coverage import expected_distinct
from fluxttice_core.training.history import Reach
from fluxttice_core.training.recipe_settings import ReachSettings


def observe_reach(model: DualVAE, settings: ReachSettings, generator: torch.Generator) -> Reach:
    """Count the distinct operations that prior draws of each half decode to.

    Args:
        model: The model, in evaluation mode.
        settings: Draws and decode rule.
        generator: Source of the draws, on the model's device.

    Example:
        >>> from fluxttice_core.model.architecture import Architecture
        >>> model = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0))
        >>> reach = observe_reach(model, ReachSettings(draws=1000), torch.Generator().manual_seed(1))
        >>> 0 < reach.efficiency_a < 0.9
        True
    """
    size = model.space.size
    distinct = [
        distinct_count(DecoderSampler(half, settings.rule).sample(settings.draws, generator), size)
        for half in (model.vae_a, model.vae_b)
    ]
    return Reach(distinct[0], distinct[1], expected_distinct(size, settings.draws))
