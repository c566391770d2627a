"""Images are checked before anything is written: what they are, for which chip, whether they are whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import images  # pyright: ignore[reportMissingImports]
import pytest

from kneesleeve.errors import DeviceError
from kneesleeve.flashing import cache
from kneesleeve.flashing.image import check_image, check_version, load_image, with_table
from kneesleeve.flashing.maps import CHIPS, FLASH_MAPS, SECTOR, TABLE_AT, part
from kneesleeve.flashing.partition_table import parsed


@pytest.fixture(scope="module", params=CHIPS)
def chip(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def data(chip: str, image_of: Callable[[str], Path]) -> bytes:
    return image_of(chip).read_bytes()


def test_a_good_image_says_chip_and_version(chip: str, data: bytes) -> None:
    image = check_image("good.bin", data)
    check_version(image)
    assert image.chip == CHIPS[chip] and image.micropython == "v1.27.0" and image.version == (1, 27)


def test_a_real_image_passes_and_is_too_old_for_the_app(real_image: Path) -> None:
    image = load_image(real_image)
    assert image.chip == CHIPS["esp32"] and image.micropython.startswith("v1.16-237-")
    with pytest.raises(DeviceError, match=r"needs v1.23 or newer"):
        check_version(image)


@pytest.mark.parametrize("place", ["bootloader", "program", "its last byte"])
def test_one_flipped_bit_is_found(place: str, chip: str, data: bytes) -> None:
    at = {"bootloader": 5000, "program": 0x10000 - CHIPS[chip].image_at + 9000, "its last byte": len(data) - 1}[place]
    damaged = data[:at] + bytes((data[at] ^ 4,)) + data[at + 1 :]
    with pytest.raises(DeviceError, match=r"is damaged: its (bootloader|program) does not pass"):
        check_image("bad.bin", damaged)


@pytest.mark.parametrize("short", [1, 33, 5000, 60000])
def test_a_download_that_was_cut_is_found(short: int, data: bytes) -> None:
    with pytest.raises(DeviceError, match="is damaged"):
        check_image("cut.bin", data[:-short])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: b"PK\x03\x04" + d[4:], "no ESP32 image: it begins with 0x50"),
        (lambda d: d[:1000], "no MicroPython image: it has 1000 bytes"),
        (lambda d: d[:12] + b"\x05\0" + d[14:], r"another kind of chip \(number 5"),
        (lambda d: d.replace(b"\xaa\x50", b"\xaa\x51"), "no partition table where an ESP32"),
    ],
    ids=["zip", "short", "ESP32-C3", "no table"],
)
def test_what_is_no_image_for_a_sleeve_is_refused(change: Callable[[bytes], bytes], words: str, data: bytes) -> None:
    with pytest.raises(DeviceError, match=words) as refused:
        check_image("x.bin", change(data))
    assert refused.value.hint


def test_another_program_is_not_taken_for_micropython() -> None:
    image = check_image("blink.bin", images.micropython("esp32", version="blink"))
    with pytest.raises(DeviceError, match="does not say which MicroPython"):
        check_version(image)


@pytest.mark.parametrize("flash_mb", FLASH_MAPS)
def test_the_sleeves_table_goes_in_and_nothing_else_changes(flash_mb: int, chip: str, data: bytes) -> None:
    at = TABLE_AT - CHIPS[chip].image_at
    changed = with_table(check_image("x.bin", data), FLASH_MAPS[flash_mb])
    assert parsed(changed[at:]) == FLASH_MAPS[flash_mb]
    assert changed[:at] == data[:at] and changed[at + SECTOR :] == data[at + SECTOR :]


def test_a_program_that_does_not_fit_is_refused() -> None:
    big = check_image("big.bin", images.micropython("esp32", app_kib=part(FLASH_MAPS[4], "factory").size // 1024 + 64))
    with pytest.raises(DeviceError, match="bytes too long for the flash map"):
        with_table(big, FLASH_MAPS[4])


def test_the_cache_gives_the_newest_usable_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache.image_folder()
    with pytest.raises(DeviceError, match="no MicroPython image for the ESP32 in") as missing:
        cache.cached_image(CHIPS["esp32"])
    assert "micropython.org/download/ESP32_GENERIC/" in missing.value.hint
    folder.mkdir(parents=True)
    for name, version in (
        ("a", "v1.26.1 on 2025-09-11; x"),
        ("b", "v1.25.0 on 2025-04-15; x"),
        ("old", "v1.9 on 2017-06-01"),
    ):
        (folder / f"{name}.bin").write_bytes(images.micropython("esp32", version=version))
    (folder / "s3.bin").write_bytes(images.micropython("esp32s3"))
    (folder / "half.bin").write_bytes(images.micropython("esp32")[:-999])
    (folder / "notes.bin").write_bytes(b"not an image")
    assert cache.cached_image(CHIPS["esp32"]).name == "a.bin"
    assert cache.cached_image(CHIPS["esp32s3"]).name == "s3.bin"
