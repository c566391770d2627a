"""Tables to files: CSV with a JSON file beside it, Parquet, npz. Each is written beside its place and then renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kneesleeve.errors import SleeveError

Columns = dict[str, NDArray[Any]]
Meta = dict[str, Any]
_CHUNK = 50_000  # rows
# decimals of a float by the end of its column's name; what is recorded in whole units loses nothing
_DECIMALS = (("_s", 6), ("_dps", 2), ("_g", 6), ("_mdeg", 0), ("_mg", 3), ("_ms", 3))
META_KEY = b"kneesleeve"


def write_csv(out: Path, columns: Columns, meta: Meta) -> list[Path]:
    """RFC 4180: a line of names, empty cells for no value. The metadata goes to OUT.meta.json, so that any reader of
    CSV reads the table."""
    beside = out.with_name(out.name + ".meta.json")
    with _placed(out) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(columns) + "\r\n")
        rows = len(next(iter(columns.values())))
        for start in range(0, rows, _CHUNK):
            cells = [_cells(name, column[start : start + _CHUNK]) for name, column in columns.items()]
            file.writelines(",".join(row) + "\r\n" for row in zip(*cells, strict=True))
    with _placed(beside) as part:
        part.write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    return [out, beside]


def write_npz(out: Path, columns: Columns, meta: Meta) -> list[Path]:
    """One array a column, and `meta_json`, a string. Nothing in it is pickled."""
    with _placed(out) as part, part.open("wb") as file:
        np.savez_compressed(file, meta_json=np.array(json.dumps(meta)), **columns)  # type: ignore[arg-type]
    return [out]


def write_parquet(out: Path, columns: Columns, meta: Meta) -> list[Path]:
    """One column each, null for no value; `kneesleeve` in the schema's metadata is the JSON."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise SleeveError(
            "Parquet files need the package pyarrow.",
            hint="pip install 'kneesleeve[parquet]', or use a name that ends in .csv or .npz.",
        ) from error
    arrays = {name: _arrow(pa, column) for name, column in columns.items()}
    table = pa.table(arrays).replace_schema_metadata({META_KEY: json.dumps(meta).encode()})
    with _placed(out) as part:
        pq.write_table(table, part)
    return [out]


def _arrow(pa: Any, column: NDArray[Any]) -> Any:
    if column.dtype.kind == "M":
        return pa.array(column, type=pa.timestamp("us", tz="UTC"))
    return pa.array(column, from_pandas=True) if column.dtype.kind == "f" else pa.array(column)


def _cells(name: str, column: NDArray[Any]) -> list[str]:
    """Text of a column's values."""
    if column.dtype.kind == "M":
        return [f"{text}Z" for text in np.datetime_as_string(column, unit="us").tolist()]
    if column.dtype.kind == "b":
        return ["true" if value else "false" for value in column.tolist()]
    if column.dtype.kind != "f":
        return [_quoted(str(value)) for value in column.tolist()]
    decimals = next((n for end, n in _DECIMALS if name.endswith(end)), 6)
    return ["" if isnan(value) else f"{value:.{decimals}f}" for value in column.tolist()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


@contextmanager
def _placed(target: Path) -> Iterator[Path]:
    """A file to write to; it gets its name when all is in it, and is gone if anything fails."""
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, target)
    except OSError as error:
        raise SleeveError(
            f"Cannot write {target}: {error.strerror or error}.", hint="Free some space or name another place with -o."
        ) from error
    finally:
        part.unlink(missing_ok=True)


WRITERS: dict[str, Callable[[Path, Columns, Meta], list[Path]]] = {
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".npz": write_npz,
}
