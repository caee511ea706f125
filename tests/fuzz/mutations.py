"""Small damage to a valid input: to its bytes, or to the JSON that they spell."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 255, 2**31, 2**48, 2**63, 2**64, -(2**63) - 1, 10**40),
    *(0.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"), "", "a", "0", "infinity", "-infinity", "1e999"),
    *("\x00", "\ud800", "\x1b[2J", "../x", "ä", "a" * 300, [], {}, [[]], [0] * 20, {"": None}),
)
"""What stands in for a JSON value: the ends of every range, and what is not there at all."""

Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]


def mutated(data: bytes, random: Random, tokens: Sequence[bytes], *, prefix: int = 0) -> bytes:
    """Damage an input once to four times; `prefix` are the bytes before the JSON that it may spell."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        if random.random() < 0.75:
            changed = _json_mutated(data[prefix:], random)
            if changed is not None:
                data = data[:prefix] + changed
                continue
        data = random.choice(MUTATIONS)(data, random, tokens)
    return data


def _flip(data: bytes, random: Random, tokens: Sequence[bytes]) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _replace(data: bytes, random: Random, tokens: Sequence[bytes]) -> bytes:
    start, stop = _span(data, random)
    return data[:start] + random.randbytes(stop - start) + data[stop:]


def _cut(data: bytes, random: Random, tokens: Sequence[bytes]) -> bytes:
    start, stop = _span(data, random)
    return data[:start] + data[stop:]


def _repeat(data: bytes, random: Random, tokens: Sequence[bytes]) -> bytes:
    start, stop = _span(data, random)
    return data[:stop] + data[start:stop] * random.randint(1, 8) + data[stop:]


def _insert(data: bytes, random: Random, tokens: Sequence[bytes]) -> bytes:
    place = random.randint(0, len(data))
    return data[:place] + random.choice(tokens) + data[place:]


def _overwrite(data: bytes, random: Random, tokens: Sequence[bytes]) -> bytes:
    start, stop = _span(data, random)
    return data[:start] + random.choice(tokens) + data[stop:]


MUTATIONS: tuple[Mutation, ...] = (_flip, _replace, _cut, _repeat, _insert, _overwrite)


def _span(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(start + random.randint(0, 16), len(data))


def _json_mutated(data: bytes, random: Random) -> bytes | None:
    """The JSON with one of its values changed; None if it is none."""
    try:
        root = [json.loads(data)]
    except (ValueError, RecursionError):
        return None
    places = list(_places(root))
    container, key = random.choice(places)
    kind = random.randrange(5)
    if kind == 0:
        container[key] = deepcopy(random.choice(VALUES))
    elif kind == 1:
        other, name = random.choice(places)
        container[key] = deepcopy(other[name])
    elif kind == 2:
        container[key] = _shifted(container[key], random)
    elif kind == 3:
        container[key] = random.choice(([container[key]], {"a": container[key]}))
    elif isinstance(container, list) and container is not root:
        container.insert(key, deepcopy(container[key]))
    elif isinstance(container, dict):
        container[f"{key}_"] = container.pop(key)
    return json.dumps(root[0]).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a nested value, as its container and its key."""
    found: list[tuple[Any, Any]] = []
    open_values = [value]
    while open_values:
        container = open_values.pop()
        keys = container.keys() if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], dict | list):
                open_values.append(container[key])
    return found


def _shifted(value: Any, random: Random) -> Any:
    """A value near the given one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return random.choice((value + 1, value - 1, -value, value * 2, value * 0.5, str(value)))
    if isinstance(value, str):
        return value[: random.randint(0, len(value))] + random.choice(("", "a", "0", "/", "\n", "ß"))
    if isinstance(value, list):
        return value[: random.randint(0, len(value))]
    return {} if isinstance(value, dict) else 0
