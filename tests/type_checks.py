"""Checks types while tests run, at half the price: with shapes only where a signature names some.

jaxtyping's hook binds the arguments of every call, to know the shapes of the arrays among them, and checks
all of them twice, most often in functions that take no array. Beartype alone checks those: the same
annotations, of all arguments and of what is returned.
"""

import contextlib
from functools import wraps
from inspect import isclass, iscoroutinefunction, isfunction
from typing import Any, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import _decorator, config

_with_shapes = jaxtyping.jaxtyped
_beartype = beartype(conf=BeartypeConf(violation_type=jaxtyping.TypeCheckError))
"""What is refused is refused as jaxtyping does it: by a TypeError, which readers of files expect."""


def names_shapes(annotation: object) -> bool:
    """Whether arrays with shapes are in an annotation."""
    if isclass(annotation) and issubclass(annotation, jaxtyping.AbstractArray):
        return True
    parts = annotation if isinstance(annotation, list | tuple) else get_args(annotation)
    return any(map(names_shapes, parts))


def checked(found: Any = None, *, typechecker: Any) -> Any:
    """Stands in for `jaxtyping.jaxtyped`, as the import hook and that itself call it."""
    if found is None:
        return lambda later: checked(later, typechecker=typechecker)
    if isfunction(found):
        # Where an annotation is for type checkers alone, jaxtyping checks the others.
        with contextlib.suppress(NameError, TypeError):
            annotations = get_type_hints(found, include_extras=True)
            if not any(map(names_shapes, annotations.values())):
                found.__annotations__ = annotations
                return _unless_disabled(found)
    return _with_shapes(found, typechecker=typechecker)


def _unless_disabled(found: Any) -> Any:
    """Check a function's types, and let wrong ones through while jaxtyping is told to."""
    typed = _beartype(found)
    if iscoroutinefunction(found):
        return typed

    @wraps(found)
    def call(*arguments: Any, **named: Any) -> Any:
        return (found if config.jaxtyping_disable else typed)(*arguments, **named)

    return call


for module in (jaxtyping, _decorator):
    vars(module)["jaxtyped"] = checked
