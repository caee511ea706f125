"""Train models of others on our rows, measured as ours: `python -m paper.comparison [PROGRAM ...]`.

Each program is tried with the settings below. Its best is then measured in full: by the rule of our
certificates, the one with the largest generative information G of those that give back every held-out
table, if they have an encoder at all.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import fluxttice_core as fx
from docs.robustness import content_of
from fluxttice_core.metrics.codes import figures_of_part
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.spaces.split import split
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.environment import environment_record, timestamp, tool_record
from paper.rivals import trained_mixture, trained_pythae, training_rows

RESULT = Path(__file__).parent.parent / "docs" / "results" / "others.json"
SEED = 0
SPACE = fx.OperationSpace()
Settings = Mapping[str, float | int]

TRIED: dict[str, list[dict[str, float | int]]] = {
    "pythae": [{"beta": beta, "epochs": 20, "rate": 1e-3} for beta in (1.0, 0.3, 0.1)],
    "mixture": [
        {"latent_dim": 4, "points": 1024, "steps": 600},
        {"latent_dim": 16, "points": 1024, "steps": 600},
        {"latent_dim": 16, "points": 4096, "steps": 300},
    ],
}
TITLES = {
    "pythae": "a plain beta-VAE of pythae, with its own networks and trainer",
    "mixture": "a continuous mixture after Correia and others, by maximum likelihood",
}
KEPT = (
    *("coverage/argmax/50000", "efficiency/argmax/50000", "coverage/categorical/50000", "argmax_divergence"),
    *("generative_information", "nll", "conditional_entropy", "rate", "distortion", "code_information"),
    *("table_accuracy/mean/held_out", "table_accuracy/draw/held_out", "rate_above_frontier"),
    "frontier_distance",
)
_CONTROLS = {"control_mass_draws": 2**14, "control_aggregate_draws": 64}
TRIAL = MeasurementSettings(
    draws=(50_000,),
    rules=("argmax", "categorical"),
    repeats=3,
    mass_draws=2**17,
    posterior_repeats=2,
    aggregate_draws=256,
    **_CONTROLS,
)
FULL = MeasurementSettings(
    draws=(50_000,), rules=("argmax", "categorical"), mass_draws=2**19, aggregate_draws=512, **_CONTROLS
)


def trained(program: str, settings: Settings) -> Any:
    """A model of others, as the measurement takes it."""
    chosen: dict[str, Any] = dict(settings)
    if program == "pythae":
        return trained_pythae(SPACE, seed=SEED, **chosen)
    return trained_mixture(training_rows(SPACE), SPACE, seed=SEED, **chosen)


def figures(model: Any, settings: MeasurementSettings) -> dict[str, dict[str, float]]:
    """The figures that are compared, with their 95 % intervals; those of codes only where there are codes."""
    report = fx.coverage_report(decoder=model, settings=settings)
    found = [report.metric(name, "a").figure for name in KEPT if report.has(name, "a")]
    if isinstance(model, Autoencoder):
        # The report does not know what the model was trained on, and so has no figures of held-out rows.
        rows = torch.from_numpy(split(SPACE).held_out)
        part = figures_of_part(model, "a", settings, "held_out", rows)
        found += [each for each in part if each.quantity in KEPT]
    return {each.quantity: {"value": each.value, "low": each.low, "high": each.high} for each in found}


def place(found: Mapping[str, Mapping[str, float]]) -> tuple[bool, float]:
    """What the best is chosen by: whether all held-out tables come back, and then G."""
    back = found.get("table_accuracy/mean/held_out", {"value": 1.0})["value"]
    return back == 1, found["generative_information"]["value"]


def compared(program: str, say: Callable[[str], None] = print) -> dict[str, Any]:
    """One program with all of its settings, and its best in full."""
    runs: list[dict[str, Any]] = []
    models = []
    for settings in TRIED[program]:
        began = time.process_time()
        model = trained(program, settings)
        seconds = time.process_time() - began
        found = figures(model, TRIAL)
        say(f"{program} {settings}: {seconds:.0f} s of processor time, {place(found)}")
        runs.append({"settings": settings, "seconds": round(seconds, 1), "figures": found})
        models.append(model)
    best = max(range(len(runs)), key=lambda at: place(runs[at]["figures"]))
    full = figures(models[best], FULL)
    network = getattr(models[best], "model", models[best])
    weights = sum(parameter.numel() for parameter in network.parameters())
    return {"title": TITLES[program], "runs": runs, "best": best, "parameters": weights, "figures": full}


def main(programs: Sequence[str]) -> None:
    """Compare every program, or those named, each in the place of what was kept of it before."""
    for program in programs or TRIED:
        with fixed_threads(1):
            found = {**compared(program), "time": timestamp(), "tool": tool_record()}
        kept = content_of(RESULT)["programs"] if RESULT.exists() else {}
        head = {
            "command": "python -m paper.comparison",
            "tool": found["tool"],
            "environment": {**environment_record(), "pythae": version("pythae")},
            "seed": SEED,
            "rows": len(training_rows(SPACE)),
            "measurement": FULL.model_dump(mode="json"),
            "trial": TRIAL.model_dump(mode="json"),
        }
        write_json(RESULT, {**head, "programs": {**kept, program: found}})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1:])
