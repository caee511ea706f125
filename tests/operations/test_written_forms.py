import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.operations import heptavintimal, named_operations, read_operation
from fluxttice_core.operations.written_forms import plain_form, rewritten
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

SPACE = OperationSpace()


@pytest.mark.parametrize(
    ("name", "published"), [("mod-sum", "7PB"), ("consensus", "RDC"), ("min", "PC0"), ("max", "ZRP")]
)
def test_names_that_the_field_uses(name: str, published: str) -> None:
    index = read_operation(name).index
    assert heptavintimal(index) == published
    assert read_operation(published).index == index


@given(st.integers(0, SPACE.size - 1), st.sampled_from(["", "/", " "]))
def test_every_form_is_read_back(index: int, between: str) -> None:
    glyphs = SPACE.string(index)
    assert read_operation(f"hept:{heptavintimal(index)}").index == index
    for prefix in ("012", "fut"):
        written = rewritten(glyphs, prefix)
        rows = between.join(written[at : at + 3] for at in (0, 3, 6))
        assert read_operation(f"{prefix}:{rows}").index == index
        assert (read_operation(rows).index == index) is not (set(rows) <= {"0", *between} and prefix == "012")


def test_whatever_is_something_else_already_stays_so() -> None:
    assert read_operation("MAX").index == read_operation("max").index != read_operation("hept:MAX").index
    assert read_operation("123").index == 123 != read_operation("hept:123").index
    assert read_operation("000000000").string == "000000000" != read_operation("012:000000000").string
    for named in named_operations():
        for name in (named.name, *named.aliases):
            assert read_operation(name.upper()).index == named.operation.index
    with refused(OperationError, "unknown_operation", "did you mean max or NAX?"):
        read_operation("nax")


@pytest.mark.parametrize("text", ["hept:7P", "hept:MIN", "012:00000000-", "012:", "fut:TTTTTTTTTT"])
def test_a_prefix_is_a_promise(text: str) -> None:
    with refused(OperationError, "malformed", "expected"):
        read_operation(text)


@pytest.mark.parametrize("text", ["min", "----00-0+", "15633", "", "7/PB", "7pb", "TTT", "xyz:1"])
def test_other_texts_are_left_as_they_stand(text: str) -> None:
    assert text == "TTT" or plain_form(text) == text
