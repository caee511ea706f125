"""What a recipe asks of a machine: numbers held at once and multiplications, bounded before a run begins."""

from math import prod

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.network_shape import THRESHOLDS
from fluxttice_core.spaces.split import rows_to_learn
from fluxttice_core.training.recipe_settings import DECODED_AT_ONCE, AmortisationSettings, RecipeFields

LARGEST_WEIGHTS = 2**26
"""Weights whose file, of 256 MiB in float32, is still read again."""

LARGEST_MEMORY = 2**30
"""Numbers held at once: 4 GiB in float32."""

LARGEST_WORK = 10**16
"""Multiplications of a run: about a day at 10^11 a second."""

_COPIES = 4
"""Weights, their gradients and AdamW's two moments."""

_PASSES = 3
"""Forward, and backward for activations and for weights."""


def excess(recipe: RecipeFields) -> str | None:
    """What a recipe asks beyond the limits, in words; none if it stays within them."""
    asked = (
        ("weights", weights(recipe.architecture), LARGEST_WEIGHTS, "smaller widths or fewer blocks"),
        ("numbers in memory at once", memory(recipe), LARGEST_MEMORY, "smaller batches, draws or widths"),
        ("multiplications", work(recipe), LARGEST_WORK, "fewer epochs, draws or rows, or smaller widths"),
    )
    for name, amount, limit, advice in asked:
        if amount > limit:
            asks = f"the settings together ask for about {amount:.3g} {name}"
            return f"{asks}, and {limit:.3g} are the most: choose {advice}"
    return None


def weights(architecture: Architecture) -> int:
    """Numbers in all tensors of a network."""
    return sum(map(prod, architecture.tensor_shapes.values()))


def memory(recipe: RecipeFields) -> int:
    """Numbers that a run holds at once at most, to within a factor of a few."""
    a = recipe.architecture
    calibration = 0
    if recipe.calibration is not None:
        widest = max(*a.exploratory_widths, a.consolidating_width)
        draws = recipe.calibration.draws
        calibration = draws * (a.latent_dim + 5 * a.space.cells * a.space.base)
        calibration += 3 * widest * min(draws, DECODED_AT_ONCE)
    return _COPIES * weights(a) + max(_step_memory(recipe), calibration, _amortisation_memory(recipe))


def population_excess(recipe: RecipeFields, seeds: int) -> str | None:
    """What seeds trained as one program ask beyond the limit, in words; none if they stay within it."""
    each = _COPIES * weights(recipe.architecture) + _step_memory(recipe)
    if seeds * each <= LARGEST_MEMORY:
        return None
    asks = f"{seeds} seeds together ask for about {seeds * each:.3g} numbers in memory at once"
    fitting = max(LARGEST_MEMORY // each, 1)
    return f"{asks}, and {LARGEST_MEMORY:.3g} are the most: train at most {fitting} together"


def _step_memory(recipe: RecipeFields) -> int:
    a = recipe.architecture
    outputs = a.space.cells * a.space.base
    decoders = (
        sum(a.exploratory_widths) + (2 + 4 * a.consolidating_blocks) * a.consolidating_width + 4 * outputs
    )
    encoders = 2 * (sum(a.encoder_widths) + 4 * a.latent_dim)
    batch = min(recipe.batch_size, a.space.size)
    pairs = batch**2 if max(recipe.half_a.repulsion, recipe.half_b.repulsion) > 0 else 0
    return 2 * (batch * (encoders + decoders) + _draws(recipe) * decoders) + pairs


def work(recipe: RecipeFields) -> int:
    """Multiplications of a whole run at most, to within a factor of a few."""
    rows = max(rows_to_learn(recipe.architecture.space), 1)
    steps = -(-rows // recipe.batch_size)
    looks = 2 * recipe.reach.draws // recipe.reach.every
    last = _amortisation(recipe)
    shapes = recipe.architecture.tensor_shapes
    # A table is looked up.
    multiplied = sum(prod(shape) for name, shape in shapes.items() if name != THRESHOLDS)
    passes = recipe.epochs * (_PASSES * (rows + steps * _draws(recipe)) + looks)
    return (passes + (0 if last is None else _PASSES * rows * last.epochs)) * multiplied


def _amortisation_memory(recipe: RecipeFields) -> int:
    settings, a = _amortisation(recipe), recipe.architecture
    if settings is None:
        return 0
    outputs = sum(a.encoder_widths) + 4 * a.latent_dim + 8 * a.space.cells * a.space.base
    return 2 * min(settings.batch_size, a.space.size) * outputs


def _amortisation(recipe: RecipeFields) -> AmortisationSettings | None:
    return None if recipe.transport is None else recipe.transport.amortisation


def _draws(recipe: RecipeFields) -> int:
    return 0 if recipe.transport is None else round(recipe.transport.draws.range()[1])
