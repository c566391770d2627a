"""Reading an `.npz` that somebody else wrote: every way in which it can be broken becomes a `RecordingError`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kneesleeve.recordings.errors import RecordingError

Arrays = dict[str, NDArray[Any]]
_FORMAT_HINT = "Give a recording in the .npz format (docs/recordings.md)"


def read_arrays(path: Path, wanted: Callable[[str], bool]) -> Arrays:
    """Read the arrays whose key is `wanted`; the others are not decompressed. Nothing is ever unpickled.

    Raises `RecordingError` for: no such file, a folder, not an npz, a truncated or corrupt archive, pickled objects.
    """
    _check_is_file(path)
    archive = _open(path)
    with archive:
        keys = [key for key in archive.files if wanted(key)]
        return {key: _read_one(path, archive, key) for key in keys}


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise RecordingError(f"{path}: is a folder, expected an .npz file", hint="Name one recording inside it.")
    if not path.exists():
        raise RecordingError(f"{path}: no such file", hint="Check the path; recordings end in .npz.")


def _open(path: Path) -> Any:
    # A damaged archive can fail in any layer (zipfile, zlib, struct, numpy's header parser, the file system):
    # catching Exception is the contract here, so that nobody ever sees a traceback for a bad file.
    try:
        archive = np.load(path, allow_pickle=False)
    except Exception as error:
        # numpy's own text may advise to unpickle: not repeated
        found = f"not a readable .npz archive ({type(error).__name__})"
        raise RecordingError(f"{path}: {found}", hint=_FORMAT_HINT) from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise RecordingError(f"{path}: a single array (.npy), expected an .npz of named arrays", hint=_FORMAT_HINT)
    return archive


def _read_one(path: Path, archive: Any, key: str) -> NDArray[Any]:
    try:
        array = archive[key]
    except Exception as error:
        raise RecordingError(
            f"{path}: array '{key}' cannot be read ({type(error).__name__}), expected a plain numpy array",
            hint="The file is damaged or holds pickled objects: copy it again, or write it anew with numpy.savez.",
        ) from error
    if not isinstance(array, np.ndarray):  # a zip member that is no .npy comes back as raw bytes
        raise RecordingError(f"{path}: '{key}' is not a numpy array but {len(array)} raw bytes", hint=_FORMAT_HINT)
    return array
