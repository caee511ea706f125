"""Eight ways in which a report could lie, each as an edit of the source and the tests that must notice."""

from dataclasses import dataclass

_METRICS, _EVALUATION = "tests/metrics", "tests/evaluation"


@dataclass(frozen=True)
class Edit:
    """A replacement in one file of the package, of text that it holds exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Lie:
    """Edits that together make the report tell one lie, and default tests of which one must fail."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]


_NO_FLOOR = Edit("evaluation/benchmark.py", "if shown <= floor and", "if shown < 0 and")
"""The comparison with untrained networks, taken away."""

_FRESH = """\
        from fluxttice_core.model.architecture import Architecture
        from fluxttice_core.model.dual_vae import DualVAE
        from fluxttice_core.storage.pretrained import in_memory
        from fluxttice_core.training.recipe import load_recipe
        import torch
        fresh = DualVAE.initialised(Architecture(arity=1), torch.Generator().manual_seed(0))
        settings = {{"recipe": load_recipe("standard").model_dump(mode="json"), "seed": 0}}
        {} in_memory(fresh, settings=settings, epoch=1, rho=0.0)
"""

LIES = (
    Lie(
        "rounded expectations are sampled as argmax",
        (
            Edit(
                "metrics/decoding.py",
                'return _likeliest(logits) if rule == "argmax" else _rounded_mean(logits)',
                "return _rounded_mean(logits)",
            ),
        ),
        (f"{_METRICS}/test_sampling.py::test_argmax_takes_the_likeliest_and_the_first_of_equals",),
    ),
    Lie(
        "the command measures fresh weights where no checkpoint is named",
        (
            Edit(
                "cli/measuring.py",
                "if (checkpoint is None) == (not certified):",
                "if checkpoint is None and not certified:\n"
                + _FRESH.format("return")
                + "    if certified and checkpoint:",
            ),
            _NO_FLOOR,
        ),
        ("tests/cli/test_benchmark.py::test_without_a_checkpoint_nothing_is_measured[quickly]",),
    ),
    Lie(
        "the library measures fresh weights where no checkpoint is given",
        (
            Edit(
                "evaluation/benchmark.py",
                "    if target is None:\n        raise CheckpointError(",
                "    if target is None:\n"
                + _FRESH.format("target =")
                + "    if target is None:\n        raise CheckpointError(",
            ),
            _NO_FLOOR,
        ),
        (f"{_EVALUATION}/test_benchmark.py::test_there_is_no_default_target_of_a_benchmark",),
    ),
    Lie(
        "the latent histogram is one of Gaussian noise",
        (
            Edit(
                "metrics/codes.py",
                "samples = [posteriors.draw(generator).float() for _ in range(settings.posterior_repeats)]",
                "samples = [torch.randn(posteriors.mu.shape, generator=generator)"
                " for _ in range(settings.posterior_repeats)]",
            ),
        ),
        (f"{_METRICS}/test_codes.py::test_the_histogram_is_one_of_codes_and_not_of_noise",),
    ),
    Lie(
        "the differential entropy is one of Gaussian noise",
        (
            Edit(
                "metrics/aggregate_posterior.py",
                "z = drawn.draw(generator)",
                "z = torch.randn(drawn.mu.shape, generator=generator, dtype=torch.float64)",
            ),
        ),
        (f"{_METRICS}/test_aggregate_posterior.py::test_separate_codes_say_everything",),
    ),
    Lie(
        "the split holds out rows of its training part",
        (
            Edit(
                "spaces/split.py",
                "held_out=order[n_train + n_validation :]",
                "held_out=order[: space.size - n_train - n_validation]",
            ),
        ),
        ("tests/spaces/test_split.py::test_the_parts_are_disjoint_and_cover_the_space",),
    ),
    Lie(
        "held-out accuracy is measured on training rows",
        (
            Edit(
                "metrics/codes.py",
                '"held_out": split.held_out}',
                '"held_out": split.train}',
            ),
        ),
        (f"{_METRICS}/test_codes.py::test_each_part_is_measured_on_its_own_rows",),
    ),
    Lie(
        "a freshly initialised network is measured in place of the loaded one",
        (
            Edit(
                "evaluation/benchmark.py",
                "report = measure(\n        halves,",
                "report = measure(\n        untrained_halves(trained.architecture, 0),",
            ),
        ),
        (f"{_EVALUATION}/test_benchmark.py::test_a_trained_model_is_measured",),
    ),
    Lie(
        "a file's weights are left unread, and the network as it was initialised",
        (
            Edit(
                "model/dual_vae.py",
                "model.load_state_dict(own, assign=True)",
                "model = cls.initialised(architecture, torch.Generator().manual_seed(0))",
            ),
            _NO_FLOOR,
        ),
        (f"{_EVALUATION}/test_benchmark.py::test_a_trained_model_is_measured",),
    ),
    Lie(
        "untrained weights are measured as if trained",
        (_NO_FLOOR,),
        (f"{_EVALUATION}/test_benchmark.py::test_random_weights_are_refused_however_drawn",),
    ),
    Lie(
        "figures come without their ceiling",
        (Edit("metrics/metric.py", "if math.isnan(self.ceiling):", "if False:"),),
        (f"{_METRICS}/test_metric.py::test_a_figure_without_its_context_is_refused",),
    ),
    Lie(
        "result files come without their ceiling",
        (
            Edit(
                "evaluation/schemas/coverage_vs_entropy.json",
                '"ceiling",\n     "ceiling_sd",\n     "control_comparisons",',
                '"ceiling_sd",\n     "control_comparisons",',
            ),
        ),
        (f"{_EVALUATION}/test_result_schema.py",),
    ),
    Lie(
        "more is drawn than the budget says",
        (
            Edit(
                "metrics/coverage.py",
                "_drawn_indices(source, stop - drawn, rules, generator)",
                "_drawn_indices(source, 2 * (stop - drawn), rules, generator)",
            ),
            Edit("metrics/coverage.py", "if drawn != stop:", "if False:"),
        ),
        (f"{_METRICS}/test_coverage.py::test_a_perfect_generator_reaches_its_ceiling",),
    ),
    Lie(
        "a sampler that draws too few is believed",
        (Edit("metrics/coverage.py", "if drawn != stop:", "if drawn > stop:"),),
        (f"{_METRICS}/test_coverage.py::test_a_sample_smaller_than_its_budget_is_refused",),
    ),
    Lie(
        "the rate is clamped from below",
        (
            Edit(
                "metrics/posterior.py",
                "posteriors.mean(0.5 * (mu.square() + logvar.exp() - logvar - 1))",
                "posteriors.mean(0.5 * (mu.square() + logvar.exp() - logvar - 1)).clamp(min=0.5)",
            ),
        ),
        (f"{_METRICS}/test_posterior.py::test_the_rate_is_not_clamped",),
    ),
)
