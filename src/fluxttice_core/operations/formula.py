"""Expressions as people type them, such as -min(a, not b), read as the operation that they compute."""

import re

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.catalogue import find_named, read_named
from fluxttice_core.operations.composition import VARIABLES, Application, Expression, Variable
from fluxttice_core.operations.operation import Operation
from fluxttice_core.spaces.operation_space import OperationSpace

_TOKEN = re.compile(r"\s*([^\W_][\w-]*|\S)")
_CONSTANTS = {"0": "always-zero", "1": "always-plus"}
_INPUTS = VARIABLES[:3]
_DEEPEST = 100


def read_expression(text: str, arity: int | None = None) -> Operation:
    """Read an expression over the inputs a, b and c as a ternary operation.

    It is made of inputs, the constants -1, 0 and 1, operations of one or two inputs as name(...), and `-` or
    the name of an operation of one input before what it is applied to.

    Example:
        >>> read_expression("-min(a, -b)").string, read_expression("max(min(a, b), not c)").space.arity
        ('+++00+-0+', 3)

    Args:
        text: The expression.
        arity: The number of inputs, 1 to 3; by default as many as the last that occurs, and 2 at least.

    Raises:
        OperationError: If it is no expression, or has more inputs.
    """
    reader = _Reader(text)
    tree = reader.expression()
    reader.require("", "the end")
    inputs = arity or max(reader.inputs, 2)
    if reader.inputs > inputs:
        raise OperationError(
            f"{text!r} has the input {_INPUTS[reader.inputs - 1]}: expected at most {inputs}, named "
            f"{' and '.join(_INPUTS[:inputs])}",
            "wrong_shape",
        )
    return Operation(
        OperationSpace(arity=inputs), tree.tabulate(OperationSpace(arity=inputs)).index, text.strip()
    )


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = [*_TOKEN.findall(text.replace("\N{MINUS SIGN}", "-")), ""]
        self.at = self.depth = self.inputs = 0

    def expression(self) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise OperationError(
                f"the expression is nested more than {_DEEPEST} deep: write it shorter", "too_large"
            )
        token = self._take()
        read = self._symbol(token) if not token or not token[0].isalnum() else self._word(token)
        self.depth -= 1
        return read

    def require(self, symbol: str, called: str) -> None:
        found = self._take()
        if found != symbol:
            raise self._malformed(f"expected {called}, not {found or 'the end'!r}")

    def _symbol(self, symbol: str) -> Expression:
        if symbol == "-":
            return Application(read_named("not", 1), (self.expression(),))
        if symbol == "+" and self.tokens[self.at] == "1":
            return self.expression()
        if symbol != "(":
            raise self._malformed(
                f"expected an input, a constant or an operation, not {symbol or 'the end'!r}"
            )
        inner = self.expression()
        self.require(")", "a closing bracket")
        return inner

    def _word(self, word: str) -> Expression:
        if self.tokens[self.at] == "(":
            return self._call(word)
        if word in _INPUTS:
            self.inputs = max(self.inputs, _INPUTS.index(word) + 1)
            return Variable(_INPUTS.index(word))
        if word in _CONSTANTS:
            return Application(read_named(_CONSTANTS[word], 1), (Variable(0),))
        if find_named(word, 1) is None:
            raise self._malformed(f"{word!r} is no input a, b or c, no constant, no operation of one input")
        return Application(read_named(word, 1), (self.expression(),))

    def _call(self, word: str) -> Expression:
        self._take()
        arguments = [self.expression()]
        while self.tokens[self.at] == ",":
            self._take()
            arguments.append(self.expression())
        self.require(")", "a comma or a closing bracket")
        if len(arguments) > 2:
            raise self._malformed(f"{word} is given {len(arguments)} inputs, and operations here have 1 or 2")
        return Application(read_named(word, len(arguments)), tuple(arguments))

    def _take(self) -> str:
        token: str = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def _malformed(self, reason: str) -> OperationError:
        return OperationError(f"{self.text!r} is no expression: {reason}", "malformed")
