"""The panel of operations of one to three inputs: typed, edited, described, saved, written with others."""

import json
import random
import re
from typing import Any

import pytest
from playwright.sync_api import Browser

from fluxttice_core.operations.algebra import property_names
from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.operations.clones import completeness
from fluxttice_core.operations.export_forms import export_operation
from fluxttice_core.operations.expressions import shortest_expression
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.portrait import portrait
from fluxttice_core.operations.reading import read_basis, read_operation
from fluxttice_core.operations.vocabulary import EXPORTS
from fluxttice_core.spaces.operation_space import OperationSpace

from .conftest import Explorer, opened
from .test_everyone import violations

MAJORITY = "max(max(min(a, b), min(b, c)), min(a, c))"
DESCRIBED = """async ([given]) => {
  const { Described } = fluxttice("properties"), { unwritten } = fluxttice("space");
  const known = await fluxttice("source").fetchDocument("inputs.json");
  return given.map((text) => {
    const one = new Described(unwritten(text), known.clones);
    const names = known.properties[one.inputs].filter((name) => one.inputs !== 2 && one.has(name));
    return { facts: one.facts, properties: names };
  });
}"""
READ = """(given) => given.map(([text, inputs]) => {
  const { readOperation } = fluxttice("expression"), { written } = fluxttice("space");
  try { return written(readOperation(text, explorer.page.manifest, inputs)); }
  catch (error) { return null; }
})"""
SHORTEST = """(asked) => asked.map(([text, basis]) => {
  const { readOperation, readBasis } = fluxttice("expression");
  const { shortestExpression } = fluxttice("shortest");
  const { manifest } = explorer.page;
  return shortestExpression(readOperation(text, manifest), readBasis(basis, manifest));
})"""
SPACES = {inputs: OperationSpace(arity=inputs) for inputs in (1, 2, 3)}
SILENT = """window.Worker = class extends EventTarget {
  constructor() { super(); asked.push(this); }
  postMessage() {}
  terminate() {}
};"""
RESULT = "document.querySelector('#expression p')?.textContent"


@pytest.fixture
def panel(explorer: Explorer) -> Explorer:
    """The panel, with the operation that is chosen in it."""
    explorer.open("#tab=inputs")
    explorer.until("document.querySelector('#typed')")
    explorer.page.fill("#typed", "")
    explorer.page.fill("#basis", "")
    explorer.page.select_option("#typed-inputs", "")
    return explorer


def show(panel: Explorer, text: str, inputs: str = "") -> None:
    panel.page.fill("#typed", text)
    panel.page.select_option("#typed-inputs", inputs)
    panel.page.press("#typed", "Enter")
    panel.settle()


def write(panel: Explorer, basis: str) -> str:
    panel.page.fill("#basis", basis)
    panel.page.click("#write")
    panel.until(f"{RESULT} && !{RESULT}.startsWith('Loading')")
    text: str = panel.page.inner_text("#expression")
    return text


@pytest.mark.parametrize(
    ("typed", "inputs", "title", "string"),
    [
        ("not", "", "f(a): negation", "+0-"),
        ("+0-", "", "f(a): negation", "+0-"),
        ("5", "1", "f(a): negation", "+0-"),
        ("min", "", "f(a, b): min", "----00-0+"),
        ("max(a, not c)", "", "f(a, b, c): unnamed", None),
        (MAJORITY, "", "f(a, b, c): unnamed", None),
        ("min(a, b)", "3", "f(a, b, c): unnamed", None),
        ("hept:123456789", "3", "f(a, b, c): unnamed", None),
    ],
)
def test_an_operation_is_shown_however_it_is_typed(
    panel: Explorer, typed: str, inputs: str, title: str, string: str | None
) -> None:
    show(panel, typed, inputs)
    known = read_operation(typed, int(inputs) if inputs else None)
    assert string in (None, known.string)
    assert panel.page.inner_text("#typed-title") == title
    seen = portrait(known.index, known.space).to_json()
    codes = panel.page.locator("#inputs .facts code").all_inner_texts()[:5]
    forms = ("string", "index", "heptavintimal", "digits", "truth_values")
    assert codes == [str(seen[form]) for form in forms]
    chips = panel.page.locator("#inputs .chips span").all_inner_texts()
    assert chips == [name for name, holds in seen["properties"].items() if holds]
    assert panel.page.locator("#inputs .truth-table .cell").count() == known.space.cells
    assert panel.state("table") == known.string


@pytest.mark.parametrize(
    ("typed", "inputs", "says"),
    [
        ("", "", "type an operation first"),
        ("mni", "", 'no operation of two inputs is named "mni"'),
        ("27", "1", 'no operation of one input is named "27"'),
        ("max(a, c)", "2", "expected at most 2, named a and b"),
        ("max(a, ", "3", "is no expression: expected an input"),
        ("min", "3", 'no operation of three inputs is named "min"'),
    ],
)
def test_what_is_no_operation_says_why_and_changes_nothing(
    panel: Explorer, typed: str, inputs: str, says: str
) -> None:
    show(panel, "not")
    show(panel, typed, inputs)
    assert says in panel.page.inner_text("#typed-problem")
    assert panel.state("table") == "+0-"
    show(panel, "max")
    assert panel.page.inner_text("#typed-problem") == ""


def test_cells_are_changed_by_mouse_and_keyboard(panel: Explorer) -> None:
    show(panel, "-0+" * 9)
    cells = panel.page.locator("#inputs .truth-table button.cell")
    assert cells.nth(14).get_attribute("aria-label") == "f(0, 0, +) is + (plus): change it"
    cells.nth(14).click()
    panel.settle()
    assert panel.state("table") == "-0+" * 4 + "-0-" + "-0+" * 4
    cells.nth(14).press("ArrowDown")
    assert panel.get("document.activeElement.dataset.cell") == "17"
    panel.page.keyboard.press("0")
    panel.settle()
    assert panel.state("table") == "-0+" * 4 + "-0--00" + "-0+" * 3
    show(panel, "min")
    panel.page.click("#typed-choose")
    panel.settle()
    assert (panel.state("op"), panel.state("tab")) == (15633, "inputs")


def some(inputs: int, count: int) -> list[Operation]:
    source, space = random.Random(inputs), SPACES[inputs]
    return [Operation(space, source.randrange(space.size)) for _ in range(count)]


NOTABLE = f"""a;b;c;1;0;{MAJORITY};min(a, min(b, c));max(a, max(b, c));-a;min(a, b);add(a, add(b, c))
add(a, add(b, -c));add(a, -b);webb(a, c)"""


def test_algebra_and_properties_are_those_of_python(explorer: Explorer) -> None:
    unary = [Operation(SPACES[1], index) for index in range(27)]
    notable = [read_operation(f"({text})", 3) for text in re.split("[;\n]", NOTABLE)]
    operations = [*unary, *some(2, 40), read_operation("min"), *some(3, 40), *notable]
    found = explorer.page.evaluate(DESCRIBED, [[one.string for one in operations]])
    held = set()
    for one, shown in zip(operations, found, strict=True):
        seen = portrait(one.index, one.space).to_json()
        algebra: dict[str, Any] = dict(seen["algebra"])
        del algebra["value_counts"]
        for name in {"identity", "zero"} & algebra.keys():
            algebra[name] = [] if algebra[name] is None else [algebra[name]]
        assert json.loads(json.dumps(shown["facts"])) == json.loads(json.dumps(algebra)), one.string
        if one.space.arity != 2:
            expected = [name for name, holds in seen["properties"].items() if holds]
            assert shown["properties"] == expected, one.string
            held |= {(one.space.arity, name) for name in expected}
    assert {name for inputs, name in held if inputs == 1} == set(property_names(SPACES[1]))
    assert len({name for inputs, name in held if inputs == 3}) > 20


TYPED = {
    None: f"""not;min;a;max(a, c);not c;0;1;+-0;7PB;carry;b;{"-0+" * 9};---/-00/-0+;webb(a, webb(b, c))
mni;19683;abc;--0+""",
    1: "5;not;26;27;012;100;FUT;not a;-a;b;min;000",
    3: f"""5;7625597484986;7625597484987;{"012" * 9};{"FUT" * 9};a;a(b);min;{"0" * 27};hept:ABC123456
ABC123456;min(a, b);fut:{"F" * 27}""",
}


def test_operations_are_read_as_in_python(explorer: Explorer) -> None:
    def known(text: str, inputs: int | None) -> str | None:
        try:
            return read_operation(text, inputs).string
        except ValueError:
            return None

    asked = [(text, inputs) for inputs, texts in TYPED.items() for text in re.split("[;\n]", texts)]
    found = explorer.page.evaluate(READ, [list(one) for one in asked])
    expected = [known(*one) for one in asked]
    assert [one for one in zip(asked, found, expected, strict=True) if one[1] != one[2]] == []
    assert 5 < expected.count(None) < len(asked) / 2


ASKED = [
    ("max", "webb"), ("min", "webb"), ("max", "min, not"), ("consensus", "min, max, 0"),
    ("carry", "min, not"),
    ("post-negation", "webb"), ("not", "webb"), ("negation", "not"), ("always-plus", "not"), ("a", "min"),
    ("min", "not"), ("carry", "min, max, not, 1"), ("12345", "min, not, post-negation"),
    (MAJORITY, "min, max"), ("min(a, min(b, c))", "min"), ("max(a, not c)", "max, not"),
    ("add(a, b)", "min, not"),
]  # fmt: skip


def test_expressions_are_as_short_as_in_python_and_compute_their_operation(explorer: Explorer) -> None:
    found = explorer.page.evaluate(SHORTEST, [list(one) for one in ASKED])
    impossible = 0
    for (text, basis), shown in zip(ASKED, found, strict=True):
        target = read_operation(text, None)
        known = shortest_expression(target, read_basis(basis.split(",")))
        assert (shown["found"] is None) == (known.expression is None), text
        if known.expression is None:
            assert (shown["exhausted"], shown["reached"]) == (known.exhausted, known.reached)
            impossible += 1
            continue
        assert shown["found"]["size"] == known.expression.size, text
        again = read_operation(f"({shown['found']['text']})", target.space.arity)
        assert again.index == target.index
    assert 1 < impossible < len(ASKED) / 2


def test_an_operation_is_written_with_others(panel: Explorer) -> None:
    show(panel, MAJORITY)
    said = write(panel, "min, max")
    assert re.search(r"= (min|max)\(.*\) \(4 operations\)", said)
    assert "{min, max} is not functionally complete" in said
    for clone in completeness(read_basis(["min", "max"])).contained_in:
        assert clone in said
    show(panel, "max")
    panel.until(f"{RESULT}?.startsWith('max = max(a, b)')")
    assert "{webb} is functionally complete." in write(panel, "223")
    assert "cannot be expressed: the basis generates 3 operations" in write(panel, "min")
    assert write(panel, " , ") == "give at least one operation, such as min, not, 1."
    assert 'no operation of two inputs is named "nim"' in write(panel, "nim")


def test_a_link_holds_table_and_basis(browser: Browser, address: str) -> None:
    with opened(browser, address) as explorer:
        explorer.load("#tab=inputs&table=%2B0-&basis=webb")
        explorer.until(f"{RESULT}?.includes('not') || {RESULT}?.includes('negation = ')")
        assert explorer.page.inner_text("#typed-title") == "f(a): negation"
        assert explorer.page.input_value("#basis") == "webb"
        assert explorer.complaints == []


def test_the_chosen_operation_follows_until_another_is_typed(panel: Explorer) -> None:
    panel.open("#op=223&tab=operation")
    panel.page.press("#operation >> text=Write with", "Enter")  # menus may lie open above it
    panel.settle()
    assert panel.page.inner_text("#typed-title") == "f(a, b): webb"
    panel.do("explorer.page.choose(19569)")
    panel.settle()
    assert panel.page.inner_text("#typed-title") == "f(a, b): max"
    show(panel, "not")
    panel.do("explorer.page.choose(223)")
    panel.settle()
    assert panel.page.inner_text("#typed-title") == "f(a): negation"


def test_files_are_those_of_the_command_line(explorer: Explorer) -> None:
    indices = sorted({one.operation.index for one in named_operations()} | {0, 1, 9_000, 19_681, 19_682})
    named = {one.operation.index: one.operation for one in reversed(named_operations())}
    others = [*some(1, 3), read_operation("not", 1), *some(3, 3), read_operation(f"({MAJORITY})", 3)]
    operations = [Operation(one.space, one.index) for one in others]
    operations += [named.get(index, Operation(SPACES[2], index)) for index in indices]
    forms = [form for form in EXPORTS if form != "png"]
    written = explorer.page.evaluate(
        "async ([given, forms]) => { const { exported } = fluxttice('exports'), { unwritten } ="
        " fluxttice('space'); const write = (text) =>"
        "   forms.map((form) => exported(explorer.page, unwritten(text), form));"
        " const all = given.flatMap(write);"
        " return (await Promise.all(all)).map(({ name, content }) => [name, content]); }",
        [[one.string for one in operations], forms],
    )
    asked = [(one, form) for one in operations for form in forms]
    assert [content for _, content in written] == [export_operation(*one).decode() for one in asked]
    assert written[0][0] == f"ternary_1_{operations[0].index}.v"


def test_an_answer_that_comes_late_is_dropped_and_a_failed_search_can_be_made_again(window: Explorer) -> None:
    window.load("#tab=inputs")
    window.until("document.querySelector('#typed')")
    window.do("window.asked = []; window.Real = Worker;")
    window.do(SILENT)
    answer = "new MessageEvent('message', { data: { found: { found: { text: '%s', size: 1 } } } })"
    for basis in ("min", "max"):
        window.page.fill("#basis", basis)
        window.page.click("#write")
    assert window.page.inner_text("#expression") == "Loading the expression …"
    window.do(f"asked[1].dispatchEvent({answer % 'second'})")
    window.until(f"{RESULT}.includes('second')")
    window.do(f"asked[0].dispatchEvent({answer % 'first'})")
    window.settle()
    assert "second" in window.page.inner_text("#expression")
    window.page.click("#write")
    window.do("asked[2].dispatchEvent(Object.assign(new Event('error'), { message: 'it broke' }))")
    window.until("document.querySelector('#expression .failed button')")
    assert window.page.inner_text("#expression").startswith("the expression could not be loaded: it broke.")
    window.do("window.Worker = Real")
    window.page.click("#expression .failed button")
    window.until(f"{RESULT}.startsWith('min cannot be expressed')")
    window.page.fill("#typed", "not")
    window.do(SILENT)
    window.page.click("#write")
    window.page.press("#typed", "Enter")
    window.settle()
    window.do(f"asked[3].dispatchEvent({answer % 'of another'})")
    window.settle()
    assert window.page.inner_text("#expression") == "Loading the expression …"
    window.do(f"asked[4].dispatchEvent({answer % 'of this'})")
    window.until(f"{RESULT}.includes('of this')")
    assert window.complaints == []


def test_properties_of_two_inputs_are_waited_for(window: Explorer) -> None:
    held = window.hold("**/algebra.safetensors")
    window.page.goto(f"{window.url}/#tab=inputs")
    window.until("document.querySelector('#typed-title')")
    properties = window.page.locator("#inputs section", has_text="Properties")
    assert properties.inner_text().split("\n")[-1] == "Loading …"
    held.pop().abort("connectionrefused")
    window.until("document.querySelector('#notice .failed button')")
    assert properties.inner_text().split("\n")[-1] == "Loading …"
    window.page.click("#notice .failed button")
    window.page.wait_for_timeout(50)
    held.pop().continue_()
    window.arrive()
    window.settle()
    known = portrait(15633, SPACES[2]).to_json()["properties"]
    assert properties.locator("span").all_inner_texts() == [name for name, holds in known.items() if holds]


def test_a_tab_that_is_left_while_it_loads_writes_once_it_is_seen(window: Explorer) -> None:
    held = window.hold("**/inputs.json")
    window.load("#tab=inputs&basis=webb")
    window.do("explorer.store.set({ tab: 'find' })")
    window.settle()
    held.pop().continue_()
    window.until("document.querySelector('#expression')")
    window.page.wait_for_timeout(50)
    assert window.page.text_content("#expression") == ""
    window.do("explorer.store.set({ tab: 'inputs' })")
    window.until(f"{RESULT}?.startsWith('min = ')")
    assert window.complaints == []


def test_the_basis_and_its_answer_follow_the_address(window: Explorer) -> None:
    window.load("#tab=inputs&basis=min")
    window.until(f"{RESULT}?.startsWith('min = min(a, b)')")
    assert "webb(" in write(window, "webb")
    window.until("location.hash.includes('webb')")
    window.page.go_back()
    window.until(f"{RESULT}?.startsWith('min = min(a, b)')")
    assert window.page.input_value("#basis") == "min"
    window.page.go_forward()
    window.until(f"{RESULT}?.includes('webb(')")
    assert window.page.input_value("#basis") == "webb"
    window.open("#tab=inputs&table=%2B0-&basis=min,max")
    window.until(f"{RESULT}?.startsWith('negation cannot be expressed')")
    assert window.page.input_value("#basis") == "min,max"
    window.page.fill("#basis", "not yet wr")
    window.page.locator("#inputs .truth-table button.cell").first.click()
    window.settle()
    assert window.page.input_value("#basis") == "not yet wr"
    assert window.page.inner_text("#expression") == ""
    window.open("#tab=inputs")
    assert (window.page.input_value("#basis"), window.page.inner_text("#expression")) == ("", "")


@pytest.mark.parametrize(
    ("letters", "typed", "index", "other"),
    [
        ("digits", "210", 5, 210),
        ("digits", "2/1/0", 5, None),
        ("digits", "000", 0, 0),
        ("truth", "TUF", 5, None),
        ("truth", "TFT", 20, read_operation("TFT").index),
        ("signs", "000", 13, 0),
    ],
)
def test_a_table_of_one_input_is_read_as_it_is_shown(
    panel: Explorer, letters: str, typed: str, index: int, other: int | None
) -> None:
    panel.open(f"#tab=inputs&letters={letters}")
    show(panel, typed)
    one = read_operation(Operation(SPACES[1], index).string, 1)
    said = panel.page.inner_text("#typed-problem")
    assert panel.state("table") == one.string
    answer = write(panel, typed)
    assert f"{{{one.name or one.string}}} is not functionally complete" in answer
    assert ("two inputs" in answer) == (other is not None)
    if other is None:
        assert said == ""
        return
    assert f"for index {other} of two inputs write " in said
    assert said in answer
    for text, inputs in ((said.split()[-1].strip("."), ""), (typed, "2")):
        show(panel, text, inputs)
        assert panel.state("table") == Operation(SPACES[2], other).string
        assert panel.page.inner_text("#typed-problem") == ""


@pytest.mark.parametrize("text", ["max(a, min(a, b))", "min(a, max(a, b)), not; 223", "max(min(a, b), b),1"])
def test_a_basis_is_split_between_its_expressions(explorer: Explorer, text: str) -> None:
    found = explorer.page.evaluate(
        "(text) => fluxttice('expression').readBasis(text, explorer.page.manifest)"
        ".map(({ digits }) => fluxttice('space').written(digits))",
        text,
    )
    known = read_basis(re.split(r"[,;](?=\s*(?:not|223|1)$|\s*not;)", text))
    assert found == [one.string for one in known]


def test_a_problem_goes_with_the_operation_that_it_was_told_beside(panel: Explorer) -> None:
    show(panel, "mni")
    assert panel.page.inner_text("#typed-problem") != ""
    panel.do("explorer.page.choose(223)")
    panel.settle()
    assert panel.page.inner_text("#typed-problem") == ""


def test_no_serious_finding_with_a_result(panel: Explorer) -> None:
    show(panel, MAJORITY)
    write(panel, "min, max")
    assert violations(panel, "#inputs") == []
    panel.page.focus("#typed")
    reached = set()
    for _ in range(45):
        panel.page.keyboard.press("Tab")
        reached.add(panel.get("document.activeElement.id"))
    assert {"typed-inputs", "basis", "write"} <= reached
