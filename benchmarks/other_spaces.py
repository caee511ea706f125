"""What other spaces and targets reach and cost: `python -m benchmarks.other_spaces [ROW...]`.

Each row and seed is trained by `standard` and measured as a user would have it, by one thread, in a process
of its own, whose memory is what it took. What is found is kept at once, so that an ended command goes on.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch

import fluxttice_core as fx
from docs.other_spaces import MASS, ROWS, record_row, recorded
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.sampled_report import SampledReport
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.settings import Half
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.target import Target

HALVES: tuple[Half, ...] = ("a", "b")


def balanced() -> Target:
    """The functions of three bits that are true for half of their inputs."""
    space = fx.spaces.space_of("boolean:3")
    rows = [row for row, table in enumerate(space.all_tables()) if int(table.sum()) * 2 == space.cells]
    return Target.of(space, rows)


def a_tenth() -> Target:
    """A tenth of the functions of four bits, which no rule describes."""
    space = fx.spaces.space_of("boolean:4")
    return Target.of(space, np.random.default_rng(0).permutation(space.size)[: round(space.size / 10)])


def codons_as_used() -> Target:
    """Codons by how often E. coli uses each for its amino acid."""
    try:
        tables = import_module("python_codon_tables")
    except ImportError as error:
        raise SystemExit(
            "the weighted codons need a table of usage: pip install python-codon-tables"
        ) from error
    usage = tables.get_codons_table("e_coli_316407")
    space = fx.spaces.space_of("codons")
    shares = {codon: share for of in usage.values() for codon, share in of.items()}
    return Target.of(space, fx.spaces.parse(space, list(shares)), np.array(list(shares.values())))


def zipf() -> Target:
    """Zipf's law over the DNA words of six letters, in a random order."""
    space = fx.spaces.space_of("dna:6")
    order = np.random.default_rng(0).permutation(space.size)
    return Target.of(space, order, 1.0 / np.arange(1, space.size + 1))


TARGETS: dict[str, Callable[[], Target]] = {
    "balanced functions of boolean:3": balanced,
    "a random tenth of boolean:4": a_tenth,
    "codons as E. coli uses them": codons_as_used,
    "Zipf's law over dna:6": zipf,
}


def figures(report: Report) -> dict[str, Any]:
    """What the aims name, of each half, beside the controls."""
    headline = f"efficiency/argmax/{report.settings.headline}"
    names = {
        "efficiency": headline,
        "divergence": "argmax_kl_from_target"
        if report.has("argmax_kl_from_target", "a")
        else "argmax_divergence",
        "information": "generative_information",
        "held_out": "table_accuracy/mean/held_out",
        "outside": "argmax_mass_outside",
        "rate": "rate",
        "distortion": "distortion",
    }
    found = {
        key: [report.metric(name, half).value for half in HALVES]
        for key, name in names.items()
        if report.has(name, "a")
    }
    controls = {
        control.name: max(score.value for score in control.scores(headline, "a"))
        for control in report.controls
        if control.scores(headline, "a")
    }
    return {"draws": report.settings.headline, **found, "controls": controls}


def sampled_figures(report: SampledReport) -> dict[str, Any]:
    """The same from samples: what each half shows, and which controls were let through."""
    entropy = report.space.log_size
    coded = [(half.prior, half.codes) for half in report.halves if half.codes is not None]
    return {
        "draws": report.halves[0].prior.draws,
        "pairs": [prior.pairs.p_value for prior, _ in coded],
        "held_out": [codes.from_mean.estimate for _, codes in coded],
        "from_draw": [codes.from_draw.estimate for _, codes in coded],
        "rate": [codes.rate.estimate for _, codes in coded],
        "distortion": [codes.distortion.estimate for _, codes in coded],
        "accepted": report.accepted,
        "controls": {one.name: float(all(one.checks(entropy).values())) for one in report.controls},
    }


def counted_mass(name: str, draws: int) -> dict[str, Any]:
    """What every p(x) of an untrained half takes, in this process."""
    fresh = untrained_halves(Architecture.model_validate({"space": name}), 0)["a"]
    with fixed_threads(1):
        began = time.process_time()
        mass = estimate_mass(fresh, draws, generator=torch.Generator().manual_seed(0))
        took = time.process_time() - began
    return {
        "elements": mass.space.size,
        "draws": draws,
        "total": float(mass.p.sum()),
        "measuring": took,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


def measured(row: str, seed: int) -> dict[str, Any]:
    """Train and measure one row by one seed, in this process."""
    if row == MASS:
        return counted_mass(row.rpartition(" ")[2], 2**20)
    target = TARGETS[row]() if row in TARGETS else None
    space = fx.spaces.space_of(row) if target is None else target.space
    with fixed_threads(1):
        began, clock = time.process_time(), time.monotonic()
        model = fx.train(space=space, data=target, seed=seed)
        trained, waited = time.process_time(), time.monotonic()
        report = fx.coverage_report(model, target=target)
    found = sampled_figures(report) if isinstance(report, SampledReport) else figures(report)
    return {
        "elements": space.size if target is None else len(target.rows),
        "training": trained - began,
        "training_wall": waited - clock,
        "measuring": time.process_time() - trained,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        **found,
    }


def apart(row: str, seed: int) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.other_spaces", row, "--only", str(seed)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=one_thread)  # noqa: S603 -- this program
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.other_spaces")
    parser.add_argument("rows", nargs="*", default=[*ROWS, MASS], help="spaces and targets; none: all")
    parser.add_argument("--seeds", type=int, default=3, help="so many seeds of each, from 0 on")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if unknown := [row for row in asked.rows if row not in (*ROWS, MASS)]:
        parser.error(f"no row is called {unknown[0]!r}: take of {', '.join((*ROWS, MASS))}")
    if asked.only is not None:
        print(json.dumps(measured(asked.rows[0], asked.only)))
        return
    for seed in range(asked.seeds):
        for row in asked.rows:
            # What is not trained takes as long whatever the seed.
            if any(kept["seed"] == seed or row == MASS for kept in recorded()[row]):
                continue
            found = apart(row, seed)
            record_row(row, seed, found)
            print(f"{row}, seed {seed}: {found.get('training', 0):.0f} s, then {found['measuring']:.0f} s")


if __name__ == "__main__":
    main()
