"""Images put aside for flashing: a folder of the user's cache, searched by what the files are, not by their names."""

from __future__ import annotations

import os
from pathlib import Path

from kneesleeve.errors import DeviceError, SleeveError
from kneesleeve.flashing.image import Image, check_version, download_page, load_image
from kneesleeve.flashing.maps import Chip


def image_folder() -> Path:
    """Where `sleeve flash` looks for MicroPython images."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kneesleeve" / "micropython"


def cached_image(chip: Chip) -> Image:
    """The newest usable image for a chip. Raises DeviceError that says where to get one and where to put it."""
    folder = image_folder()
    usable = [image for path in sorted(folder.glob("*.bin")) if (image := _usable(path, chip))]
    if usable:
        return max(usable, key=lambda image: image.version)
    raise DeviceError(
        f"There is no MicroPython image for the {chip.title} in {folder}.",
        hint=f"Download the .bin from {download_page(chip)} into that folder, or name it: --image FILE.",
    )


def _usable(path: Path, chip: Chip) -> Image | None:
    """None for files that are no image, damaged, too old or for another chip: the folder may hold anything."""
    try:
        image = load_image(path)
        check_version(image)
    except SleeveError:
        return None
    return image if image.chip == chip else None
