"""The images of a virtual sleeve: littlefs, what a board keeps in its `vfs` partition, and beside it the session ring.

The images go both ways: MicroPython's VfsLfs2 mounts what littlefs-python wrote and the reverse
(disk version 2.1, names up to 255 bytes). Never write to the image of a sleeve that is running.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError

from kneesleeve.errors import DeviceError

BLOCK_BYTES = 4096
DEFAULT_BLOCKS = 512  # 2 MiB
DEFAULT_SESSION_BLOCKS = 384  # 1.5 MiB, as on a board with 4 MB of flash


def create_image(path: Path, block_count: int = DEFAULT_BLOCKS, session_blocks: int = DEFAULT_SESSION_BLOCKS) -> None:
    """Write a formatted, empty image of `block_count` blocks of 4096 bytes; a session ring beside it is forgotten.

    session_blocks: the size of the ring that a sleeve on this image has, unless its scenario says otherwise.
    """
    fs, context = _new(bytes([0xFF]) * (block_count * BLOCK_BYTES))
    fs.format()
    path.write_bytes(bytes(context.buffer))
    sessions_path(path).unlink(missing_ok=True)
    _size_path(path).unlink(missing_ok=True)
    if session_blocks != DEFAULT_SESSION_BLOCKS:
        _size_path(path).write_text(f"{session_blocks}\n")


def session_blocks_of(path: Path) -> int:
    """Blocks of the session ring of the sleeve whose littlefs image is `path`, as it was made."""
    size = _size_path(path)
    return int(size.read_text()) if size.is_file() else DEFAULT_SESSION_BLOCKS


def _size_path(path: Path) -> Path:
    return path.with_name(path.name + ".sessions.blocks")


def sessions_path(path: Path) -> Path:
    """The file of the session ring of the sleeve whose littlefs image is `path`: its partition, as far as it was used.

    It comes into being when the sleeve is switched on; what lies beyond its end is erased (0xFF).
    """
    return path.with_name(path.name + ".sessions")


def install_app(path: Path, files: dict[str, bytes]) -> None:
    """Write `files` (path on the board: content) into the image, making folders; the image must exist."""
    fs, context = _mount(path)
    for name, content in files.items():
        folder = PurePosixPath("/", name).parent
        fs.makedirs(str(folder), exist_ok=True)
        with fs.open(str(PurePosixPath("/", name)), "wb") as file:
            file.write(content)
    fs.unmount()
    path.write_bytes(bytes(context.buffer))


def read_file(path: Path, name: str) -> bytes:
    """Content of one file of the image. Raises DeviceError when it is not there."""
    fs, _ = _mount(path)
    try:
        with fs.open(str(PurePosixPath("/", name)), "rb") as file:
            return bytes(file.read())
    except (LittleFSError, OSError) as error:
        raise DeviceError(f"{path.name} has no file {name}: {error}", hint="list_files shows what it holds.") from error


def list_files(path: Path) -> dict[str, int]:
    """All files of the image: path on the board and size in bytes."""
    fs, _ = _mount(path)
    found: dict[str, int] = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            full = str(PurePosixPath(folder, name))
            found[full] = fs.stat(full).size
    return dict(sorted(found.items()))


def block_count(path: Path) -> int:
    """Blocks of the image, from its size. Raises DeviceError for a size that is no image's."""
    size = path.stat().st_size if path.exists() else 0
    if size == 0 or size % BLOCK_BYTES:
        raise DeviceError(
            f"{path} is no flash image: {size} bytes are not a number of {BLOCK_BYTES}-byte blocks.",
            hint="Name an image, or a new file: `sleeve virtual --flash FILE` makes one.",
        )
    return size // BLOCK_BYTES


def _new(content: bytes) -> tuple[LittleFS, UserContext]:
    context = UserContext(len(content))
    context.buffer[:] = content
    count = len(content) // BLOCK_BYTES
    return LittleFS(context=context, block_size=BLOCK_BYTES, block_count=count, name_max=255, mount=False), context


def _mount(path: Path) -> tuple[LittleFS, UserContext]:
    block_count(path)
    fs, context = _new(path.read_bytes())
    try:
        fs.mount()
    except LittleFSError as error:
        raise DeviceError(
            f"{path} cannot be mounted: {error}", hint="Name a new file: `sleeve virtual --flash FILE` makes one."
        ) from error
    return fs, context
