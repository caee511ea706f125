"""Watching the reach of the prior while a model trains."""

import torch

from fluxttice_core.metrics.sampling import DecoderSampler, distinct_count
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.statistics.coverage import expected_distinct
from fluxttice_core.training.history import Reach
from fluxttice_core.training.recipe_settings import ReachSettings


def observe_reach(model: DualVAE, settings: ReachSettings, generator: torch.Generator) -> Reach:
    """Count the distinct operations that prior draws of each half decode to."""
    size = model.space.size
    distinct = [
        distinct_count(DecoderSampler(half, settings.rule).sample(settings.draws, generator), size)
        for half in (model.vae_a, model.vae_b)
    ]
    return Reach(distinct[0], distinct[1], expected_distinct(size, settings.draws))
