"""Evaluates a task's trigger condition: the part of CEL that pipelines are compiled to.

Source: kubeflow/pipelines, backend/src/v2/expression/expression.go; CEL's own specification. KFP's
SDK and TFX write comparisons of `inputs.parameter_values[...]` and of artifacts' metadata, joined
by `&&`, `||` and `!`.
"""

from __future__ import annotations

import ast
import operator
import re
from typing import Any

Json = dict[str, Any]

_OPERATORS: dict[type, Any] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_WORDS = {"&&": " and ", "||": " or ", "true": "True", "false": "False", "!": " not "}
_TOKENS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|&&|\|\||!(?!=)|\btrue\b|\bfalse\b")
_FUNCTIONS = {"int": int, "double": float, "string": str, "bool": bool}


def holds(condition: str, inputs: Json) -> bool:
    """Tells whether a condition holds.

    Args:
        condition: CEL.
        inputs: `inputs` of the ExecutorInput.

    Raises:
        ValueError: For what is not understood.
    """
    text = _TOKENS.sub(lambda match: _WORDS.get(match[0], match[0]), condition)
    names = {
        "inputs": {
            "parameter_values": inputs["parameterValues"],
            "artifacts": inputs["artifacts"],
        }
    }
    return bool(_value(ast.parse(text.strip(), mode="eval").body, names))


def _value(node: ast.AST, names: Json) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return names[node.id]
        case ast.Attribute():
            return _value(node.value, names)[node.attr]
        case ast.Subscript():
            return _value(node.value, names)[_value(node.slice, names)]
        case ast.BoolOp():
            values = (bool(_value(part, names)) for part in node.values)
            return all(values) if isinstance(node.op, ast.And) else any(values)
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, names)
        case ast.Compare(ops=[compare], comparators=[right]):
            return _OPERATORS[type(compare)](_value(node.left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](_value(argument, names))
    raise ValueError(f"a condition with {ast.dump(node)} is not understood")
