"""A run that takes milliseconds: 27 operations, small networks, every optional part of a recipe in use."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fluxttice_core.model.dual_vae import VAE, DualVAE
from fluxttice_core.training.history import Reach
from fluxttice_core.training.recipe import Recipe, validate_recipe
from fluxttice_core.training.recipe_settings import ReachSettings
from fluxttice_core.training.trainer import Trainer

_HALF = {
    "beta": {"kind": "linear", "points": [[0, 0.1], [3, 0.5]]},
    "temperature": {"kind": "constant", "value": 0.9},
    "free_bits": 0.1,
    "output_entropy": 0.05,
    "repulsion": 0.1,
}
SMALL: dict[str, Any] = validate_recipe(
    {
        "name": "small",
        "architecture": {
            "arity": 1,
            "latent_dim": 4,
            "encoder_widths": [8, 6],
            "exploratory_widths": [6],
            "consolidating_width": 6,
            "consolidating_blocks": 1,
        },
        "epochs": 2,
        "batch_size": 11,
        "schedule_by": "step",
        "optimizer": {
            "rate": {"kind": "constant", "value": 0.005},
            "weight_decay": 0.01,
            "second_moment": 0.99,
        },
        "rho": {"kind": "constant", "value": 0.1},
        "half_a": _HALF,
        "half_b": _HALF | {"temperature": {"kind": "constant", "value": 0.8}},
        "alignment": {"kind": "constant", "value": 0.3},
        "balance": {},
        "controller": {},
        "transport": {
            "draws": {"kind": "constant", "value": 16},
            "assignment_rows": 21,
            "amortisation": {"epochs": 2, "batch_size": 7, "rate": {"kind": "constant", "value": 0.01}},
        },
        "calibration": {"draws": 1000, "sweeps": 3, "conditional_entropy": 2.5},
        "reach": {"draws": 60},
    },
    source="small",
).model_dump(mode="json")

Changes = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a run left: weights and state by name, its records without their times, and its trainer."""

    tensors: dict[str, Tensor]
    records: list[dict[str, Any]]
    trainer: Trainer

    def same_weights(self, other: "Outcome") -> bool:
        return same_tensors(self.tensors, other.tensors)

    def same_records(self, other: "Outcome") -> bool:
        return self.records == other.records


def same_tensors(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def changed(settings: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """Nested settings with dotted paths replaced; a number at the end of a path is a position in a list."""
    result: dict[str, Any] = _copied(settings)
    for path, value in changes.items():
        *parents, last = path.split(".")
        target: Any = result
        for part in parents:
            target = target[part]
        target[int(last) if last.isdigit() else last] = value
    return result


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return list(map(_copied, value)) if isinstance(value, list) else value


def count_distinct(model: DualVAE, settings: ReachSettings, generator: torch.Generator) -> Reach:
    """Distinct operations among prior draws, by the plainest means."""
    draws, size = settings.draws, model.space.size
    expected = size * (1.0 - (1.0 - 1.0 / size) ** draws)
    return Reach(
        distinct_a=_distinct(model.vae_a, settings, generator),
        distinct_b=_distinct(model.vae_b, settings, generator),
        expected=expected,
    )


@torch.no_grad()
def _distinct(half: VAE, settings: ReachSettings, generator: torch.Generator) -> int:
    z = torch.randn(settings.draws, half.latent_dim, generator=generator)
    shares = half.decode_logits(z).softmax(-1)
    if settings.rule == "expectation":
        symbols = (shares @ torch.arange(float(half.space.base))).round().long()
    elif settings.rule == "categorical":
        symbols = torch.multinomial(shares.flatten(0, 1), 1, generator=generator).view(shares.shape[:2])
    else:
        symbols = shares.argmax(-1)
    return len({tuple(row) for row in symbols.tolist()})


class SmallRuns:
    """Makes runs of the small recipe with some of its settings changed, by dotted path."""

    def settings(self, changes: Changes | None = None) -> dict[str, Any]:
        return changed(SMALL, changes or {})

    def recipe(self, changes: Changes | None = None) -> Recipe:
        return validate_recipe(self.settings(changes), source="small")

    def trainer(self, changes: Changes | None = None, *, seed: int = 0) -> Trainer:
        return Trainer(self.recipe(changes), seed=seed, observe=count_distinct)

    def train(self, changes: Changes | None = None, *, seed: int = 0) -> Outcome:
        return self.finish(self.trainer(changes, seed=seed))

    def finish(self, trainer: Trainer) -> Outcome:
        """Train to the end."""
        records = []
        for record in trainer.epochs():
            plain = record.as_dict()
            del plain["seconds"], plain["operations_per_second"]
            records.append(plain)
        return Outcome(trainer.model_tensors() | trainer.state_tensors(), records, trainer)
