"""kneecore's running path as a 32-bit MicroPython would see it: every integer checked, every pointer modelled.

`load()` reads the modules' own text, wraps every integer constant in `Small`, which raises when a result leaves
-2^30 ... 2^30-1, replaces `array` by a list that checks what is stored, and turns viper's pointers into loads that are
zero-extended, as they are on 64 bit; a 32-bit load that would be negative raises, because there 32 and 64 bit differ.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import kneecore

LOW, HIGH = -(1 << 30), (1 << 30) - 1
CORE = Path(kneecore.__file__).parent
CHECKED = (
    "intmath",
    "saved",
    "stride",
    "fifo",
    "align",
    "flexion",
    "kernel",
    "stance",
    "crosstalk",
    "gate",
    "bias",
    "cadence",
    "decision",
    "cue",
    "strides",
    "detection",
    "donning",
    "pipeline",
)
PLAIN = ("compat", "faults", "trig", "fit")  # no arithmetic, at the start, or at rest (big integers allowed)
_POINTERS = {"ptr8": 8, "ptr16": 16, "ptr32": 32}
_numbers = count()


class OutOfRangeError(ArithmeticError):
    """A result outside the 31 bits of a small integer, or a buffer used out of its bounds."""


class Small(int):
    """An integer whose arithmetic raises beyond 31 bits."""


def _checked(name: str) -> Any:
    plain = getattr(int, name)

    def operation(self: int, *others: int) -> Any:
        result = plain(self, *others)
        if result is NotImplemented:
            return result
        if not LOW <= result <= HIGH:
            raise OutOfRangeError(f"{int(self)}.{name}{tuple(int(o) for o in others)} = {result}")
        return Small(result)

    return operation


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor"):
    setattr(Small, f"__{_name}__", _checked(f"__{_name}__"))
    setattr(Small, f"__r{_name}__", _checked(f"__r{_name}__"))
for _name in ("neg", "abs", "invert"):
    setattr(Small, f"__{_name}__", _checked(f"__{_name}__"))


class Array:
    """array('b' ... 'I') that stores only what its type and a small integer hold."""

    _LIMITS = {
        "b": (-128, 127), "B": (0, 255), "h": (-32768, 32767), "H": (0, 65535), "i": (LOW, HIGH), "I": (0, HIGH),
    }  # fmt: skip
    _BYTES = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4}

    def __init__(self, code: str, content: Iterable[int] = ()) -> None:
        self._lo, self._hi = self._LIMITS[code]
        size = self._BYTES[code]
        self.v = [0] * (len(content) // size) if isinstance(content, bytearray) else [int(x) for x in content]

    def __len__(self) -> int:
        return len(self.v)

    def extend(self, other: Array) -> None:
        self.v += other.v

    def __getitem__(self, i: int) -> Small:
        self._bounds(i)
        return Small(self.v[i])

    def __setitem__(self, i: int, x: int) -> None:
        self._bounds(i)
        if not self._lo <= x <= self._hi:
            raise OutOfRangeError(f"{int(x)} stored in an array of {self._lo} ... {self._hi}")
        self.v[i] = int(x)

    def _bounds(self, i: int) -> None:
        if not 0 <= i < len(self.v):
            raise OutOfRangeError(f"index {int(i)} of {len(self.v)}")


class Pointer:
    """A viper pointer into an Array: loads are zero-extended."""

    def __init__(self, target: Array, bits: int) -> None:
        self._target, self._bits = target, bits

    def __getitem__(self, i: int) -> Small:
        value = self._target[i]
        if value >= 0:
            return value
        if self._bits == 32:
            raise OutOfRangeError(f"ptr32 load of {int(value)}: 64 bit reads it zero-extended")
        return Small(int(value) & ((1 << self._bits) - 1))

    def __setitem__(self, i: int, x: int) -> None:
        self._target[i] = x


class _Wrap(ast.NodeTransformer):
    """Integer constants become Small; pointer arguments become Pointer at the start of a viper function."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if type(node.value) is not int:
            return node
        return ast.Call(ast.Name("_Small", ast.Load()), [node], [])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        casts: list[ast.stmt] = []
        for arg in node.args.args:
            kind = arg.annotation.id if isinstance(arg.annotation, ast.Name) else ""
            if kind in _POINTERS:
                casts += ast.parse(f"{arg.arg} = _Pointer({arg.arg}, {_POINTERS[kind]})").body
            elif kind == "int":
                casts += ast.parse(f"{arg.arg} = _Small({arg.arg})").body
        node.body[:0] = casts
        return node


def load() -> types.SimpleNamespace:
    """The modules by name, in a package of their own, checked."""
    package = f"checked_core_{next(_numbers)}"
    root = types.ModuleType(package)
    root.__path__ = []  # type: ignore[attr-defined]
    sys.modules[package] = root
    loaded = {name: _module(package, name) for name in (*PLAIN[:3], "intmath", "fit", *CHECKED)}
    return types.SimpleNamespace(**loaded)


def _module(package: str, name: str) -> types.ModuleType:
    known = sys.modules.get(f"{package}.{name}")
    if known:
        return known
    path = CORE / f"{name}.py"
    tree = ast.parse(path.read_text(), str(path))
    module = types.ModuleType(f"{package}.{name}")
    module.__package__ = package
    module.__dict__.update(_Small=Small, _Pointer=Pointer)
    if name in CHECKED:
        tree.body = [s for s in tree.body if not (isinstance(s, ast.ImportFrom) and s.module == "array")]
        module.__dict__["array"] = Array
        tree = ast.fix_missing_locations(_Wrap().visit(tree))
    sys.modules[module.__name__] = module
    setattr(sys.modules[package], name, module)
    exec(compile(tree, str(path), "exec"), module.__dict__)
    return module
