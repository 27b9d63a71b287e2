"""A module fits on a few screens, a function on one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 400
FUNCTION_LINES = 50


def oversized(source: str) -> Iterator[str]:
    """Every module and function in `source` that is longer than allowed, in words."""
    lines = len(source.splitlines())
    if lines > MODULE_LINES:
        yield f"module of {lines} lines (at most {MODULE_LINES})"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {length} lines (at most {FUNCTION_LINES})"


def test_modules_and_functions_of_the_product_are_short() -> None:
    modules = sorted((ROOT / "wallet").rglob("*.py"))
    assert modules
    found = [
        f"{module.relative_to(ROOT)}: {complaint}"
        for module in modules
        for complaint in oversized(module.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "complaints"),
    [
        ("x = 1\n" * MODULE_LINES, 0),
        ("x = 1\n" * (MODULE_LINES + 1), 1),
        ("def f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1), 0),
        ("def f():\n" + "    x = 1\n" * FUNCTION_LINES, 1),
        ("class C:\n    async def f(self):\n" + "        x = 1\n" * FUNCTION_LINES, 1),
    ],
)
def test_the_size_rule_sees_what_is_too_long(source: str, complaints: int) -> None:
    assert len(list(oversized(source))) == complaints
