"""An operation as Verilog: a module with two bits a trit, and a bench that holds it against the index."""

from fluxttice_core.operations.composition import VARIABLES
from fluxttice_core.operations.table_template import Template, labelled_cells

_CODES = {"-": "11", "0": "00", "+": "01"}
_TEMPLATE = """\
// @about@
//
// A trit has two bits, in two's complement: -1 is 2'b11, 0 is 2'b00, +1 is 2'b01.
// 2'b10 is no trit: where an input is 2'b10, x or z, the output is 2'bxx, which synthesis may choose.
module @name@ (
{ports}
  output reg  signed [1:0] y
);
  always @*
    case ({{{inputs}}})
{cases}
      default: y = 2'bxx;
    endcase
endmodule

`ifndef SYNTHESIS
// Tries all {cells} inputs: iverilog -g2012 -o bench FILE && vvp bench prints PASS, or ends with FAIL.
// The index holds the table once more: its p-th digit in base 3 is 1 + y at the p-th inputs.
module @name@_bench;
  reg signed [1:0] {inputs};
  wire signed [1:0] y;
  reg [63:0] rest;
  integer p, expected, failures;
  @name@ dut ({connections}, .y(y));
  initial begin
    rest = 64'd@index@;
    failures = 0;
    for (p = 0; p < {cells}; p = p + 1) begin
{stimuli}
      expected = rest % 3;
      expected = expected - 1;
      rest = rest / 3;
      #1;
      if (y !== expected) begin
        failures = failures + 1;
        $display("@name@({formats}) is %0d: expected %0d", {inputs}, y, expected);
      end
    end
    if (failures != 0) begin
      $display("FAIL: @name@ is wrong for %0d of {cells} inputs", failures);
      $fatal(1);
    end
    $display("PASS: @name@ is right for {cells} of {cells} inputs");
    $finish;
  end
endmodule
`endif
"""


def verilog_template(inputs: int) -> Template:
    """Return the template of a Verilog module of two bits a trit with a test bench that tries all inputs.

    Example:
        >>> [line.strip() for line in verilog_template(2).text.splitlines() if "4'b00_01" in line]
        ["4'b00_01: y = 2'b@5@; // f(0, +) = @=5@"]
    """
    names = VARIABLES[:inputs]
    entries = [
        (label + last, cell)
        for label, cells in labelled_cells(inputs)
        for last, cell in zip("-0+", cells, strict=True)
    ]
    cases = [
        f"      {2 * inputs}'b{'_'.join(_CODES[glyph] for glyph in given)}: y = 2'b@{cell}@;"
        f" // f({', '.join(given)}) = @={cell}@"
        for given, cell in entries
    ]
    places = [3**place for place in reversed(range(inputs))]
    text = _TEMPLATE.format(
        ports="\n".join(f"  input  wire signed [1:0] {name}," for name in names),
        inputs=", ".join(names),
        cases="\n".join(cases),
        cells=len(entries),
        connections=", ".join(f".{name}({name})" for name in names),
        stimuli="\n".join(
            f"      {name} = p / {place} % 3 - 1;" for name, place in zip(names, places, strict=True)
        ),
        formats=", ".join("%0d" for _ in names),
    )
    minus, zero, plus = _CODES.values()
    return Template(text, (minus, zero, plus))
