"""The schema itself demands what no result may lack, and its faults are found as jsonschema finds them."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from fluxttice_core.evaluation.result_schema import result_schema, schema_fault, upgraded

SHIPPED = Path(__file__).parents[2] / "src" / "fluxttice_core" / "certified" / "report.json"
WRONG: tuple[Any, ...] = (None, "x", -1, [], {}, True, 1e9)


def test_nothing_may_lack_its_references() -> None:
    schema = result_schema()
    parts = schema["properties"]
    assert {"controls", "gates", "laws", "settings_sha256", "coverage", "metrics"} <= set(schema["required"])
    assert {"ceiling", "draws", "half"} <= set(parts["coverage"]["items"]["required"])
    assert set(parts["metrics"]["items"]["required"]) >= {
        *("ceiling", "ceiling_sd", "floor", "control_comparisons", "seed", "draws", "interval")
    }


def places(part: Any, *above: str | int) -> Iterator[tuple[str | int, ...]]:
    """The ways to all parts of a JSON value."""
    keys = part.keys() if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    for key in keys:
        yield (*above, key)
        yield from places(part[key], *above, key)


def first_of_everything(part: Any) -> Any:
    """A value with the first five items of every list in it: as many kinds of places, fewer of each."""
    if isinstance(part, dict):
        return {key: first_of_everything(value) for key, value in part.items()}
    return [first_of_everything(item) for item in part[:5]] if isinstance(part, list) else part


def test_faults_are_those_that_jsonschema_finds_first() -> None:
    whole = upgraded(json.loads(SHIPPED.read_text()))
    result = {**first_of_everything(whole), "space": whole["space"], "settings": whole["settings"]}
    plain = Draft202012Validator(result_schema())
    assert schema_fault(result) is None
    chosen, found = random.Random(0), 0
    for *above, last in chosen.sample(list(places(result)), 30):
        changed = copy.deepcopy(result)
        part = changed
        for key in above:
            part = part[key]
        part[last] = chosen.choice(WRONG)
        error = next(plain.iter_errors(changed), None)
        said = schema_fault(changed)
        assert (said is None) == (error is None)
        if error is not None:
            found += 1
            assert said is not None
            assert said.startswith(f"at {'/'.join(map(str, error.absolute_path))}, {error.message[:100]}")
    assert found > 20
