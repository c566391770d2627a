"""What runs on the sleeve: kneecore is pure, only boards and drivers touch hardware, all compiles for an ESP32."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kneesleeve import appbundle

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted((ROOT / "shared" / "kneecore").glob("*.py"))
FIRMWARE = sorted((ROOT / "firmware").rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CORE, ids=name)
def test_kneecore_imports_nothing_but_itself_and_four_modules(path, imports_of):
    allowed = {"array", "struct", "binascii"} | ({"micropython", "typing"} if path.stem == "compat" else set())
    assert {m for m in imports_of(path) if not m.startswith(".")} <= allowed


@pytest.mark.parametrize("path", CORE, ids=name)
def test_kneecore_has_no_floats_no_clock_and_no_io(path):
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        where = f"{path.name} line {getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{where}: a float"
        assert not isinstance(node, ast.Div), f"{path.name}: true division"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("float", "open", "print", "input", "round", "pow"), f"{where}: {node.func.id}"


@pytest.mark.parametrize("path", FIRMWARE, ids=name)
def test_only_boards_and_drivers_touch_the_hardware(path, imports_of):
    if path.parent.name not in ("boards", "drivers"):
        assert not imports_of(path) & {"machine", "esp32", "network", "time"}


@pytest.mark.parametrize("path", FIRMWARE, ids=name)
def test_buses_and_clocks_are_passed_in(path, imports_of):
    """Drivers do not make their own; only the board's profile does."""
    if path.parent.name != "boards":
        assert not imports_of(path) & {"machine", "esp32"}


@pytest.mark.parametrize("arch", ["xtensawin"])
def test_every_file_compiles_for_the_esp32(arch, capsys):
    files = appbundle.app_files(arch)
    modules = [p for p in (*CORE, *FIRMWARE) if p.stem not in appbundle.HOST_ONLY]
    assert len(files) == len(modules)
    assert all(content for path, content in files.items() if path.endswith(".mpy"))
    sizes = {path: len(content) for path, content in files.items()}
    with capsys.disabled():
        print(f"\nfirmware for {arch}: {len(files)} files, {sum(sizes.values())} bytes")
    assert sum(sizes.values()) < 120_000 and sizes["main.py"] + sizes["boot.py"] < 1500


def test_the_slot_holds_kneecore_and_no_host_tables():
    files = appbundle.app_sources()
    assert "a/kneecore/pipeline.py" in files and "a/sleeveapp/app.py" in files and "a/drivers/motor.py" in files
    assert not any(path.endswith("fault_table.py") for path in files)


def test_boot_files_import_little(imports_of):
    """They are replaced only after a new app has proved itself, so they must hardly ever change."""
    assert imports_of(ROOT / "firmware" / "boot.py") == set()
    assert imports_of(ROOT / "firmware" / "main.py") == {"gc", "sys", "sleeveapp"}
