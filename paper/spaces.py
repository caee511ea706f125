"""Train the standard recipe on other spaces and targets, and measure it: `python -m paper.spaces`."""

import time
from pathlib import Path
from typing import Any

import numpy as np

import fluxttice_core as fx
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.environment import environment_record, timestamp, tool_record

RESULT = Path(__file__).parent.parent / "docs" / "results" / "spaces.json"
SEED = 0
WHOLE = ("boolean:2", "codons", "dna:4", "dna:6")
CONTROLS = {"control_mass_draws": 2**14, "control_aggregate_draws": 64}


def weighted_codons() -> Target:
    """All codons, with random weights."""
    space = fx.spaces.space_of("codons")
    return Target.of(space, np.arange(space.size), np.random.default_rng(SEED).gamma(2.0, size=space.size))


def balanced_functions() -> Target:
    """The functions of three bits that are true for half of their inputs."""
    space = fx.spaces.space_of("boolean:3")
    rows = [row for row in range(space.size) if int(space.all_tables()[row].sum()) * 2 == space.cells]
    return Target.of(space, rows)


def random_words() -> Target:
    """A quarter of all DNA words of four letters, chosen at random: no rule describes them."""
    space = fx.spaces.space_of("dna:4")
    return Target.of(space, np.random.default_rng(SEED).permutation(space.size)[: space.size // 4])


TARGETS = {
    "codons by random weights": weighted_codons,
    "balanced functions of three bits": balanced_functions,
    "a quarter of dna:4 at random": random_words,
}


def measured(space: fx.spaces.ProductSpace, target: Target | None) -> dict[str, Any]:
    """What one training gave, by the larger of both halves' errors and the smaller of their successes."""
    began = time.process_time()
    model = fx.train(space=space, data=target, seed=SEED)
    seconds = time.process_time() - began
    settings = fx.metrics.settings_for(space).model_copy(update=CONTROLS)
    report = fx.coverage_report(model, settings=settings, target=target)
    names = {
        "efficiency": f"efficiency/argmax/{report.settings.headline}",
        "generative_information": "generative_information",
        "held_out": "table_accuracy/mean/held_out",
        "outside": "mass_outside",
    }
    found = {
        key: {half: report.metric(name, half).value for half in ("a", "b")}
        for key, name in names.items()
        if report.has(name, "a")
    }
    size = space.size if target is None else len(target.rows)
    return {
        "elements": size,
        "of": space.size,
        "draws": report.settings.headline,
        "seconds": seconds,
        **found,
    }


def main() -> None:
    with fixed_threads(1):
        whole = {name: measured(fx.spaces.space_of(name), None) for name in WHOLE}
        made = {name: make() for name, make in TARGETS.items()}
        aimed = {name: measured(target.space, target) for name, target in made.items()}
        content = {
            "command": "python -m paper.spaces",
            "tool": tool_record(),
            "time": timestamp(),
            "environment": environment_record(),
            "seed": SEED,
            "whole": whole,
            "targets": aimed,
        }
    write_json(RESULT, content)


if __name__ == "__main__":
    main()
