"""Sentences on StateNet, from ablations with its parts."""

from collections.abc import Mapping

from fluxttice_core.errors import MeasurementError
from fluxttice_core.experiments.ablation import Ablation, part_effects
from fluxttice_core.experiments.tables import shown_verdict


def statenet_sentences(ablations: Mapping[str, Ablation]) -> str:
    """How far StateNet's weights went in some ablations, and what its learning did, in words, by recipe."""
    return "\n".join(f"- {_statenet(name, ablation)}" for name, ablation in ablations.items())


def _statenet(name: str, ablation: Ablation) -> str:
    part = next((found for found in ablation.contrasts() if found.part == "statenet_learning"), None)
    if part is None:
        raise MeasurementError(
            f"the ablation {name} lacks statenet_learning: run it with that part", "not_measured"
        )
    moved, still = (
        [run.statenet_moved for run in ablation.found(recipe).values()]
        for recipe in (part.with_it, part.without)
    )
    effects = {
        word: ", ".join(
            f"{found.half.upper()} {shown_verdict(found)}"
            for found in part_effects(ablation)
            if found.part == key
        )
        for word, key in (("no StateNet", "statenet_learned"), ("one that never learns", "statenet_learning"))
    }
    against = "; ".join(f"against {word}: {found}" for word, found in effects.items())
    return (
        f"{name}: learning moves StateNet's weights by {min(moved):.0%} to {max(moved):.0%} of their norm, "
        f"and no learning by {max(still):.0%}; {against}."
    )
