"""What is refused is refused with its code, in a sentence that names what a test asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from fluxttice_core.errors import ErrorCode, FluxtticeError

_Kind = TypeVar("_Kind", bound=FluxtticeError)


@contextmanager
def refused(kind: type[_Kind], code: ErrorCode, *named: str) -> Iterator[pytest.ExceptionInfo[_Kind]]:
    """Expect an error of a kind and code whose sentence holds all that is named."""
    with pytest.raises(kind) as caught:
        yield caught
    found = (caught.value.code, [words for words in named if words not in str(caught.value)])
    assert found == (code, []), f"{found[0]}, without {found[1]}: {caught.value}"
