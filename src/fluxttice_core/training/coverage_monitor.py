"""Watching the reach of the prior while a model trains."""

import numpy as np
import torch

from fluxttice_core.metrics.sampling import DecoderSampler, distinct_count
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import expected_coverage, expected_distinct
from fluxttice_core.training.history import Reach
from fluxttice_core.training.recipe_settings import ReachSettings


def observe_reach(
    model: DualVAE, settings: ReachSettings, generator: torch.Generator, target: Target | None = None
) -> Reach:
    """Count the distinct elements that prior draws of each half decode to, of a target's support alone."""
    size = model.space.size
    samples = [
        DecoderSampler(half, settings.rule).sample(settings.draws, generator)
        for half in (model.vae_a, model.vae_b)
    ]
    if target is None or target.is_everything:
        a, b = (distinct_count(drawn, size) for drawn in samples)
        return Reach(a, b, expected_distinct(size, settings.draws))
    a, b = (np.intersect1d(drawn.cpu().numpy(), target.rows).size for drawn in samples)
    share = float(expected_coverage(target.q, [settings.draws])[0])
    return Reach(a, b, share * len(target.rows))
