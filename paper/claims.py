"""Every claim of the paper that has a number, and how it is made again."""

import json
from collections.abc import Iterator, Mapping
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

import fluxttice_core as fx
from benchmarks.audit_power import DEFECTS, LEVELS, refused, uniform_draws
from docs.front import concluded
from docs.front import figures as codes_of
from docs.generalisation import held_out, shares
from fluxttice_core.certification.keys import project_keys
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.verify import verify
from fluxttice_core.evaluation.headline import headline_figures
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.decoding import positions_of
from fluxttice_core.metrics.distribution import generative_information
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.rate_distortion import PRICE
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.random_streams import measurement_stream, stream
from fluxttice_core.spaces.split import split
from fluxttice_core.storage.pretrained import certified
from fluxttice_core.training.coverage_monitor import observe_reach
from fluxttice_core.training.recipe import load_recipe
from fluxttice_core.training.trainer import Trainer
from paper import build, comparison, facts, spaces
from paper.found import Claim, Found, near
from paper.lint import digits_left, typed_numbers

ROOT = build.ROOT
RESULTS = ROOT / "docs" / "results"
OneHalf = Literal["a", "b"]
HALVES: tuple[OneHalf, ...] = ("a", "b")
BRIEF = MeasurementSettings(
    draws=(50_000,), repeats=3, mass_draws=2**18, posterior_repeats=2, rules=("argmax",)
)
WITHIN = {
    "efficiency/argmax/50000": 0.006,
    "argmax_divergence": 0.005,
    "generative_information": 0.002,
    "rate": 0.001,
    "distortion": 0.01,
    "table_accuracy/mean/held_out": 0.0,
    "table_accuracy/draw/held_out": 0.012,
}
"""How far fewer draws of the same weights may stray from what is stated of them."""

RETRAINED = {
    "efficiency/argmax/50000": 0.04,
    "argmax_divergence": 0.08,
    "generative_information": 0.03,
    "rate": 0.8,
    "distortion": 0.6,
    "table_accuracy/mean/held_out": 0.01,
    "table_accuracy/draw/held_out": 0.06,
}
"""How far a training may stray that rounds otherwise: twice as far as another processor has led it, and less
than lies between recipes; on a like machine it ends with the same bits."""


@cache
def result(name: str) -> Any:
    """A result file by its name."""
    folder = ROOT / "benchmarks" if name == "coverage_vs_entropy" else RESULTS
    return json.loads((folder / f"{name}.json").read_text())


def stated(name: str, quantity: str, half: str) -> float:
    """A metric of a report that is kept as a result file."""
    hits = [m for m in result(name)["metrics"] if m["quantity"] == quantity and m["half"] == half]
    return float(hits[0]["value"])


def brief(model: DualVAE, half: OneHalf) -> dict[str, float]:
    """The headline figures of one half, with few draws."""
    found = headline_figures(model.vae(half), half, BRIEF, split(model.space))
    return {figure.quantity: figure.value for figure in found}


def compared(name: str, model: DualVAE, within: Mapping[str, float]) -> Iterator[Found]:
    """The headline figures of both halves beside those of a report."""
    for half in HALVES:
        found = brief(model, half)
        for quantity, tolerance in within.items():
            yield near(f"{quantity} ({half})", stated(name, quantity, half), found[quantity], tolerance)


def trained(recipe: str, *overrides: str) -> DualVAE:
    return fx.train(recipe, seed=0, overrides=overrides).model


def no_number_typed() -> Iterator[Found]:
    yield Found(
        "digits left when all numbers of files are blanked", 0, 0, len(digits_left(build.built(blind=True)))
    )
    yield Found("numbers typed in the source", 0, 0, len(typed_numbers(build.SOURCE.read_text())))


def numbers_of_files() -> Iterator[Found]:
    """The numbers that are looked up by a path, looked up again without typst."""
    names = {"shipped": "coverage_vs_entropy", "others": "others", "spaces": "spaces", "facts": "paper"}
    names |= {"audit": "audit", "original": "original", "generalisation": "generalisation"}
    wrong = 0
    checked = 0
    for number in build.numbers():
        found: Any = result(names[number["file"]]) if number["file"] in names else None
        # A step of a path may itself hold a slash, so that a path is followed only as far as it can be.
        for step in number["key"].split("/"):
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                found = None
        if found is not None:
            checked += 1
            # What typst hands on is rounded in its last digit.
            wrong += _differences(found, number["value"]) != []
    yield Found("numbers that are not what the file says", 0, 0, wrong)
    yield Found("numbers looked up", 60, np.inf, checked)


def facts_again() -> Iterator[Found]:
    kept, again = result("paper"), facts.rounded(facts.facts())
    for part, value in again.items():
        yield Found(f"{part}: values that differ", 0, 0, len(_differences(kept[part], value)))


def _differences(kept: Any, again: Any) -> list[Any]:
    if isinstance(kept, dict) and isinstance(again, dict) and kept.keys() == again.keys():
        return [found for key in kept for found in _differences(kept[key], again[key])]
    if isinstance(kept, list) and isinstance(again, list) and len(kept) == len(again):
        return [found for one, other in zip(kept, again, strict=True) for found in _differences(one, other)]
    if isinstance(kept, float) and isinstance(again, float):
        return [] if np.isclose(kept, again, rtol=1e-9, atol=1e-12) else [again]
    return [] if kept == again else [again]


def ceilings_by_dice() -> Iterator[Found]:
    generator = np.random.default_rng(0)
    for budget in result("paper")["budgets"]:
        size, runs = result("paper")["space"]["elements"], 40
        seen = [len(np.unique(generator.integers(0, size, budget["draws"]))) for _ in range(runs)]
        error = 4 * budget["sd"] / size / runs**0.5
        yield near(
            f"share seen in {budget['draws']:,} draws", budget["share"], float(np.mean(seen)) / size, error
        )


def product_by_brute_force() -> Iterator[Found]:
    """p(x) of 27 operations, from the product and from the definition at the same latents."""
    space = fx.OperationSpace(base=3, arity=1)
    model = DualVAE.initialised(
        load_recipe("standard", ["architecture.arity=1"]).architecture, stream(0, "weights")
    )
    half, draws = model.eval().vae_a, 4_096
    by_product = estimate_mass(half, draws, generator=measurement_stream(0, "a", "mass")).p
    counted = np.zeros(space.size)
    with torch.inference_mode():
        z = torch.randn(1_000_000, half.latent_dim, generator=torch.Generator().manual_seed(1))
        cells = half.decode_logits(z).softmax(-1).double()
        positions = positions_of(space, torch.arange(space.size))
        for row in range(space.size):
            chances = [cells[:, cell, positions[row, cell]] for cell in range(space.cells)]
            counted[row] = float(torch.stack(chances).prod(0).mean())
    yield Found("greatest difference of a probability", 0, 0.003, float(np.abs(by_product - counted).max()))
    yield near("sum of all probabilities", 1.0, float(by_product.sum()), 1e-6)


def shipped_again() -> Iterator[Found]:
    yield from compared("coverage_vs_entropy", certified().model, WITHIN)


def original_floor() -> Iterator[Found]:
    """Untrained networks of the original's shape and initialisation."""
    recipe = load_recipe("original")
    for half in HALVES:
        report = result("original")["metrics"]
        told = {m["quantity"]: m["floor"] for m in report if m["half"] == half}
        covers, knows = [], []
        for seed in range(BRIEF.untrained_seeds):
            fresh = DualVAE.initialised(
                recipe.architecture, stream(seed, "weights"), recipe.initialisation
            ).eval()
            settings = BRIEF.model_copy(update={"repeats": 2, "rules": ("argmax", "categorical")})
            counted = coverage_figures(fresh.vae(half), half, settings)
            covers += [f.value for f in counted if f.quantity == "coverage/categorical/50000"]
            mass = estimate_mass(fresh.vae(half), 2**14, generator=measurement_stream(seed, half, "mass"))
            knows.append(generative_information(mass).value)
        floor = told["coverage/categorical/50000"]
        yield Found(
            f"categorical coverage, highest ({half})", floor["low"], floor["high"] + 0.01, max(covers)
        )
        yield Found(
            f"generative information, highest ({half})",
            0,
            2 * told["generative_information"]["high"],
            max(knows),
        )


def certificate() -> Iterator[Found]:
    folder = Path(str(resources.files("fluxttice_core") / "certified"))
    found = verify(folder, known=project_keys(), require_signature=True)
    yield Found("findings that fail", 0, 0, sum(each.verdict == "fails" for each in found))
    yield Found("findings that are proved here", 8, np.inf, sum(each.verdict == "proved" for each in found))


def measured_anew() -> Iterator[Found]:
    folder = Path(str(resources.files("fluxttice_core") / "certified"))
    found = remeasure(folder)
    yield Found("findings that fail", 0, 0, sum(each.verdict == "fails" for each in found))


def fair_samples() -> Iterator[Found]:
    """Samples of the law that are refused, beside what was stated, with room for so few runs."""
    runs = 1_000
    for size, draws in ((18, 2_000), (19_683, 1_000), (1_000_000, 10_000)):
        generator = np.random.default_rng(1)
        p_values = [refused(uniform_draws(size, draws, generator), size) for _ in range(runs)]
        share = float(np.mean(np.array(p_values) < LEVELS[1]))
        yield Found(f"{draws:,} fair draws of {size:,} kinds refused at {LEVELS[1]}", 0, LEVELS[1], share)


def defects_seen() -> Iterator[Found]:
    told = {row["defect"]: row["draws"] for row in result("audit")["parts"]["power"]["rows"]}
    for defect in ("half of 19,683 kinds never made", "one of 18 kinds twice as likely"):
        draw, size, _ = DEFECTS[defect]
        generator, runs = np.random.default_rng(2), 200
        seen = np.mean([refused(draw(told[defect], generator), size) < LEVELS[0] for _ in range(runs)])
        yield Found(f"{defect}: refused in", 0.82, 1.0, float(seen))


def codes_beyond() -> Iterator[Found]:
    model = certified()
    found = shares(model.vae_a, held_out(model))
    for name in ("flips/1/to given", "flips/1/to clean"):
        yield near(name, result("generalisation")["model"]["A"][name], found[name], 0.0)
    yield near("linear fit", result("generalisation")["model"]["A"]["linear fit"], found["linear fit"], 0.002)


def standard_again() -> Iterator[Found]:
    """A training of seed 0 beside the worst and the best of the seeds that are stated."""
    runs = result("standard-sweep")["runs"]
    model = trained("standard")
    for half in HALVES:
        found = brief(model, half)
        for quantity, tolerance in WITHIN.items():
            told = [f["value"] for run in runs for f in run["figures"] if f["quantity"] == quantity]
            room = max(tolerance, (max(told) - min(told)) / 2)
            yield Found(f"{quantity} ({half})", min(told) - room, max(told) + room, found[quantity])


def original_again() -> Iterator[Found]:
    yield from compared("original", trained("original"), RETRAINED)


def front_again() -> Iterator[Found]:
    """The sharpest decoders at the price whose codes are cheapest."""
    trainer = Trainer(
        load_recipe("standard", ["calibration=null", "transport.amortisation=null"]),
        seed=0,
        observe=observe_reach,
    )
    for _ in trainer.epochs():
        pass
    points = result("front")["points"]
    sharp = min(point["left_open"] for point in points)
    asked = [f"calibration.conditional_entropy={sharp}", "transport.amortisation.price=25.0"]
    told = {p["half"]: p for p in points if p["left_open"] == sharp and p["price"] == 25.0}
    for found in codes_of(concluded(trainer, load_recipe("standard", asked))):
        beside = told[found["half"]]
        yield near(
            f"G ({found['half']})", beside["generative_information"], found["generative_information"], 0.003
        )
        cost = [each["rate"] + PRICE * each["distortion"] for each in (beside, found)]
        yield near(f"R + 20 D ({found['half']})", cost[0], cost[1], 0.3)


def rival_again(program: str) -> Iterator[Found]:
    kept = result("others")["programs"][program]
    model = comparison.trained(program, kept["runs"][kept["best"]]["settings"])
    found = comparison.figures(model, comparison.TRIAL)
    for quantity, tolerance in (
        ("generative_information", 0.03),
        ("nll", 0.03),
        ("coverage/argmax/50000", 0.03),
    ):
        yield near(quantity, kept["figures"][quantity]["value"], found[quantity]["value"], tolerance)


def space_again(name: str) -> Iterator[Found]:
    kept = result("spaces")["whole"].get(name) or result("spaces")["targets"][name]
    target = spaces.TARGETS[name]() if name in spaces.TARGETS else None
    space = fx.spaces.space_of(name) if target is None else target.space
    again = spaces.measured(space, target)
    for key, tolerance in (("efficiency", 0.03), ("generative_information", 0.03), ("outside", 0.06)):
        for half in HALVES if key in kept else ():
            yield near(f"{key} ({half})", kept[key][half], again[key][half], tolerance)


def transport_again() -> Iterator[Found]:
    """Two of twenty pairs with and without transport, as the ablation has them but for amortisation."""
    told = {
        row["half"]: row["effects"]["efficiency"]["mean"]
        for row in result("paper")["ablations"]["standard"]["contrasts"]
        if row["part"] == "transport"
    }
    with_it, without = trained("standard"), trained("standard", "transport=null")
    for half in HALVES:
        gain = (
            brief(with_it, half)["efficiency/argmax/50000"] - brief(without, half)["efficiency/argmax/50000"]
        )
        yield Found(f"gain in efficiency ({half})", told[half] / 3, told[half] * 2, gain)


def withstood() -> Iterator[Found]:
    counts = result("faults")["faults"].values()
    yield Found("faults lost or missed in the kept record", 0, 0, sum(each["lost"] for each in counts))
    failed = sum(each["failed"] for each in result("fuzz")["parsers"].values())
    yield Found("inputs that failed in the kept record", 0, 0, failed)
    refused_or_read = sum(each["exit_code"] in (0, 1, 2) for each in result("bombs")["bombs"])
    yield Found("bombs that ended in order", len(result("bombs")["bombs"]), np.inf, refused_or_read)


CLAIMS = (
    Claim("No number of the paper is typed", "make paper", (), no_number_typed, quick=True),
    Claim("Its numbers are those of the result files", "make paper", (), numbers_of_files, quick=True),
    Claim(
        "Ceilings, audited claims, contrasts and least costs follow from what they are made of",
        "python -m paper.facts",
        ("facts",),
        facts_again,
        quick=True,
    ),
    Claim(
        "Dice cover what the ceilings say",
        "python -m paper.artifact --quick",
        ("facts", "original", "shipped"),
        ceilings_by_dice,
        quick=True,
    ),
    Claim(
        "One product gives p(x) of every element",
        "fluxttice benchmark --certified",
        ("shipped",),
        product_by_brute_force,
        quick=True,
    ),
    Claim("The shipped certificate verifies", "fluxttice verify", ("shipped",), certificate, quick=True),
    Claim(
        "Reach, certainty and codes of the shipped model",
        "fluxttice benchmark --certified",
        ("shipped",),
        shipped_again,
        quick=True,
        part="fewer draws",
    ),
    Claim(
        "Untrained networks cover the space by drawing and know nothing",
        "fluxttice benchmark --checkpoint runs/original-0",
        ("original",),
        original_floor,
        quick=True,
        part="fewer draws",
    ),
    Claim(
        "Fair samples are refused as rarely as promised",
        "python -m benchmarks.audit_power alarms",
        ("audit",),
        fair_samples,
        quick=True,
        part="3 of 29 cases, 1,000 runs",
    ),
    Claim(
        "Defects show after as many draws as stated",
        "python -m benchmarks.audit_power power",
        ("audit",),
        defects_seen,
        quick=True,
        part="2 of 13 defects",
    ),
    Claim(
        "Codes return what they were given, and are no linear map",
        "python -m docs.generalisation",
        ("generalisation",),
        codes_beyond,
        quick=True,
        part="half A",
    ),
    Claim(
        "What was attacked withstood",
        "make test-harm; make fuzz; python -m benchmarks.bombs",
        ("faults", "fuzz", "bombs"),
        withstood,
        quick=True,
        part="the records; the commands take hours",
    ),
    Claim(
        "The standard recipe on a small space",
        "python -m paper.spaces",
        ("spaces",),
        partial(space_again, "boolean:2"),
        quick=True,
        part="boolean:2",
    ),
    Claim(
        "Everything in the certificate, measured again",
        "fluxttice verify --remeasure",
        ("shipped",),
        measured_anew,
    ),
    Claim(
        "The standard recipe reaches the limit with another training",
        "fluxttice train --seed 0",
        ("sweep", "shipped"),
        standard_again,
        part="seed 0 of 10",
    ),
    Claim(
        "The original recipe, trained and measured again",
        "fluxttice train --recipe original",
        ("original",),
        original_again,
        part="fewer draws",
    ),
    Claim(
        "The front at its sharpest",
        "python -m docs.front",
        ("front",),
        front_again,
        part="1 of 24 points a half",
    ),
    Claim(
        "The beta-VAE of pythae",
        "python -m paper.comparison",
        ("others",),
        partial(rival_again, "pythae"),
        part="the best setting",
    ),
    Claim(
        "The continuous mixture",
        "python -m paper.comparison",
        ("others",),
        partial(rival_again, "mixture"),
        part="the best setting",
    ),
    Claim(
        "Transport carries the reach",
        "fluxttice ablate --seeds 20 --parts transport",
        ("facts",),
        transport_again,
        part="1 of 20 pairs",
    ),
    *(
        Claim(
            f"The standard recipe on {name}",
            "python -m paper.spaces",
            ("spaces",),
            partial(space_again, name),
        )
        for name in ("dna:4", "codons by random weights", "a quarter of dna:4 at random")
    ),
)
NOT_REMADE = ("checkpoint",)
"""Files of the paper whose numbers cannot be made again from here: the program's own checkpoint."""
