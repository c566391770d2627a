"""What viper on 32 bit does not forgive, looked for in the text of every viper function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import kneecore

LARGEST = 0x3FFFFFFF  # above it a literal is an object on 32 bit


def viper_functions() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in sorted(Path(kneecore.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(), str(path))):
            if isinstance(node, ast.FunctionDef) and "viper" in [ast.unparse(d)[-5:] for d in node.decorator_list]:
                found.append((path.name, node))
    return found


VIPER = [pytest.param(f, id=f"{path}:{f.name}") for path, f in viper_functions()]


def test_all_hot_functions_are_found():
    assert {f.name for _, f in viper_functions()} >= {
        "step",
        "_emit",
        "_store",
        "_measure",
        "_window_mean",
        "decode",
        "_crc",
    }


@pytest.mark.parametrize("function", VIPER)
def test_literals_and_shifts_are_small(function):
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            assert node.value <= LARGEST, f"line {node.lineno}: {node.value:#x} is an object on 32 bit"
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, (ast.LShift, ast.RShift)):
            by = node.right if isinstance(node, ast.BinOp) else node.value
            assert isinstance(by, ast.Constant), f"line {node.lineno}: shift by {ast.unparse(by)}, which may be >= 32"
            assert isinstance(by.value, int) and by.value < 32


@pytest.mark.parametrize("function", VIPER)
def test_no_true_division_float_or_unknown_call(function):
    for node in ast.walk(function):
        assert not isinstance(getattr(node, "op", None), (ast.Div, ast.Pow)), f"line {getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) == "range", f"line {node.lineno}: {ast.unparse(node)} is slow or allocates"


@pytest.mark.parametrize("function", VIPER)
def test_every_argument_is_typed(function):
    """An untyped argument is an object: its arithmetic would allocate."""
    for arg in function.args.args:
        assert arg.annotation and ast.unparse(arg.annotation) in ("int", "ptr8", "ptr16", "ptr32"), arg.arg


@pytest.mark.parametrize("function", VIPER)
def test_no_name_of_the_module_is_read(function):
    """Globals are objects in viper: figures stand in the text, everything else comes as an argument."""
    local = {a.arg for a in function.args.args}
    local |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    body = [n for s in function.body for n in ast.walk(s)]
    read = {n.id for n in body if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    assert read - local <= {"range"}
