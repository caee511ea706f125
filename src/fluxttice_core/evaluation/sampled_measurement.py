"""Measuring a model of a space that cannot be written out: its halves from samples, and the controls."""

import torch

from fluxttice_core.errors import SettingsError
from fluxttice_core.evaluation.sampled_report import (
    DRAWS,
    LEAST_DRAWS,
    MOST_DRAWS,
    ROWS,
    Sampled,
    SampledReport,
)
from fluxttice_core.evaluation.steps import Halves, ProgressCallback
from fluxttice_core.metrics.by_samples import PositionSampler, StuckSampler, sampled_codes, sampled_prior
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.sampling import DecoderSampler, IndexSampler
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.split import HashedSplit, Part

MEASURED: tuple[Part, ...] = ("held_out", "train")


def measured_by_samples(
    halves: Halves,
    untrained: Halves,
    *,
    parts: HashedSplit | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    device: str = "cpu",
    title: str = "model",
    progress: ProgressCallback | None = None,
) -> SampledReport:
    """Measure a model of a space that cannot be written out, and the controls.

    Without the split of its training the rows are any.
    """
    if not LEAST_DRAWS <= draws <= MOST_DRAWS:
        raise SettingsError(
            f"a report from samples takes {LEAST_DRAWS:,} to {MOST_DRAWS:,} draws, not {draws:,}: choose "
            "one number between them",
            "out_of_range",
        )
    space = next(iter(halves.values())).space
    watch = progress or (lambda _label, _done: None)
    steps = len(halves) + 4

    def one(name: str, sampler: IndexSampler, model: object, done: int) -> Sampled:
        watch(name, done / steps)
        prior = sampled_prior(sampler, draws, measurement_stream(seed, name, "draws", device=device))
        if not isinstance(model, Autoencoder):
            return Sampled(name, prior)
        if parts is None:
            drawn = {"any": PositionSampler(space).sample(ROWS, measurement_stream(seed, name, "rows"))}
        else:
            drawn = {part: torch.from_numpy(parts.draw(part, ROWS, seed % 2**32)) for part in MEASURED}
        codes = (
            sampled_codes(model, rows.to(device), measurement_stream(seed, name, part, device=device))
            for part, rows in drawn.items()
        )
        return Sampled(name, prior, *codes)

    measured = tuple(
        one(half.upper(), DecoderSampler(model, "argmax"), model, place)
        for place, (half, model) in enumerate(sorted(halves.items()))
    )
    fresh = next(iter(untrained.values()))
    coupling = 2 * measured[0].prior.pairs.visible / (1 - 1 / space.bases[1])
    others: tuple[tuple[str, IndexSampler, object], ...] = (
        ("even", PositionSampler(space), None),
        ("stuck", StuckSampler(space, draws // 10), None),
        ("coupled", PositionSampler(space, coupling), None),
        ("untrained", DecoderSampler(fresh, "argmax"), fresh),
    )
    controls = tuple(one(*control, len(measured) + at) for at, control in enumerate(others))
    watch("done", 1.0)
    return SampledReport(title, space, seed, measured, controls, parts is not None)
