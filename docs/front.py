"""Measure how rate, distortion and certainty trade against one another: `python -m docs.front`.

One run of the standard recipe is stopped before its last two steps, and these are made anew for every
certainty that is asked of the decoders and every price of distortion; and once more without amortisation.
"""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fluxttice_core.metrics.distribution import generative_information
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.posterior import distortion, encode_rows, rate
from fluxttice_core.metrics.threads import THREADS, fixed_threads
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.environment import tool_record
from fluxttice_core.training.amortisation import amortise_both
from fluxttice_core.training.calibration import calibrate_both
from fluxttice_core.training.coverage_monitor import observe_reach
from fluxttice_core.training.dataset import rows_of
from fluxttice_core.training.recipe import Recipe, load_recipe
from fluxttice_core.training.trainer import Trainer
from fluxttice_core.training.transport import TransportTerm

RESULT = Path(__file__).parent / "results" / "front.json"
LEFT_OPEN = (0.45, 0.35, 0.25, 0.2)
PRICES = (5.0, 10.0, 25.0, 60.0, 150.0)
_SEED, _MASS_DRAWS, _REPEATS = 0, 2**17, 8


def figures(model: DualVAE) -> Iterator[dict[str, Any]]:
    """R, D and G of both halves."""
    for name, half in (("a", model.vae_a), ("b", model.vae_b)):
        posteriors = encode_rows(half)
        noise = measurement_stream(_SEED, name, "distortion")
        mass = estimate_mass(half, _MASS_DRAWS, generator=measurement_stream(_SEED, name, "mass"))
        yield {
            "half": name,
            "rate": rate(posteriors).total,
            "distortion": distortion(half, posteriors, draws=_REPEATS, generator=noise).value,
            "generative_information": generative_information(mass).value,
        }


def concluded(trainer: Trainer, recipe: Recipe) -> DualVAE:
    """The model after the last steps of a recipe."""
    model = copy.deepcopy(trainer.model)
    calibrate_both(model, recipe.calibration, seed=_SEED, device="cpu")
    rows = rows_of(model.space, trainer.split.train)
    transport = TransportTerm(recipe.transport, rows)
    transport.restore(trainer.state_tensors())
    amortise_both(model, transport, rows, recipe, seed=_SEED)
    return model.eval()


def measure() -> list[dict[str, Any]]:
    """Every point: what was asked for, and what came of it."""
    plain = load_recipe("standard", ["calibration=null", "transport.amortisation=null"])
    trainer = Trainer(plain, seed=_SEED, observe=observe_reach)
    for _ in trainer.epochs():
        pass
    points = []
    for left_open in LEFT_OPEN:
        for price in (None, *PRICES):
            last = "transport.amortisation" + ("=null" if price is None else f".price={price}")
            recipe = load_recipe("standard", [f"calibration.conditional_entropy={left_open}", last])
            asked = {"left_open": left_open, "price": price}
            points += [{**asked, **found} for found in figures(concluded(trainer, recipe))]
    return points


if __name__ == "__main__":
    with fixed_threads(THREADS):
        content = {"command": "python -m docs.front", "tool": tool_record(), "points": measure()}
    write_json(RESULT, content)
