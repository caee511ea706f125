"""Measuring one or two halves, whatever they are: every figure beside ceiling, floor and controls."""

from collections.abc import Sequence

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.caveats import limitations_of
from fluxttice_core.evaluation.control_scores import Control, beside_controls
from fluxttice_core.evaluation.gates import apply_gates, gates_of, untold
from fluxttice_core.evaluation.law_checks import check_laws
from fluxttice_core.evaluation.reference import UntrainedFactory, measured_controls
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.steps import Halves, ProgressCallback, run_steps, steps_of
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.metrics.metric import Figure, Series
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.settings import MeasurementSettings, require_rules, settings_for
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target


def measure(
    halves: Halves,
    *,
    untrained: UntrainedFactory | None = None,
    controls: Sequence[Control] | None = None,
    settings: MeasurementSettings | None = None,
    split: Split | None = None,
    rho: float = 0.0,
    title: str = "model",
    progress: ProgressCallback | None = None,
    target: Target | None = None,
) -> Report:
    """Measure one or two halves, and the controls unless they were measured before.

    Args:
        halves: Decoders, or autoencoders, named "a" and "b".
        untrained: Makes freshly initialised halves of the same architecture from a seed: the floor.
        controls: What the controls score with these settings, if known.
        settings: Budgets, repeats, rules and seed; none: those of `settings_for` the space.
        split: The split that the model was trained on; none: not known.
        rho: Cross-injection of the pair.
        title: What to call it.
        progress: Called with what comes next and the share that is done.
        target: What the model should give, with which probabilities; none: all elements of the space alike.

    Raises:
        OperationError: If the space is too large to enumerate.
        MeasurementError: If there is nothing to measure, no floor, a number that is not finite, or a target
            of another space or of one element.
        SettingsError: If a decode rule means nothing of the space.
        LawViolation: If the figures break a law that every true table obeys.
    """
    space = next((half.space for half in halves.values()), OperationSpace())
    settings = settings or settings_for(space)
    require_rules(settings, space)
    held_against = uneven(target, space)
    facts = TargetFacts.of(held_against)
    steps = steps_of(halves, settings, split, rho, target)
    held_out = None if split is None else len(split.held_out)
    if controls is None:
        if untrained is None:
            raise MeasurementError(
                "a report needs a floor: give `untrained`, which makes fresh networks", "missing_option"
            )
        controls = measured_controls(space, untrained, settings, split, rho, _from(progress, 0.0), target)
        progress = _from(progress, 0.5)
    parts = run_steps(steps, device=settings.device, progress=progress)
    found = [item for part in parts for item in part]
    figures = [item for item in found if isinstance(item, Figure)]
    series = tuple(item for item in found if isinstance(item, Series))
    return Report(
        title=title,
        space=space,
        settings=settings,
        rho=float(rho),
        metrics=beside_controls(figures, controls),
        series=series,
        controls=tuple(controls),
        gates=apply_gates(
            figures,
            sorted(halves),
            gates_of(space, settings, held_out, has_target=facts is not None),
            untold(settings, None if held_against is None else len(held_against.rows)),
        ),
        laws=check_laws(space, figures, series, target),
        limitations=limitations_of(space, held_out),
        target=facts,
    )


def _from(progress: ProgressCallback | None, start: float) -> ProgressCallback | None:
    """Half of the work, of which so much was done before."""
    return progress and (lambda label, done: progress(label, start + done / 2))
