"""Flash maps and the partition table, against ESP-IDF's own reader and a real image."""

from __future__ import annotations

from pathlib import Path

import pytest
from esp_idf_defs import PartitionTable

from kneesleeve.errors import DeviceError
from kneesleeve.flashing.maps import APP, CHIPS, FLASH_MAPS, MB, SECTOR, TABLE_AT, map_for, part
from kneesleeve.flashing.partition_table import packed, parsed


@pytest.mark.parametrize("flash_mb", FLASH_MAPS)
def test_esp_idf_reads_the_table_as_it_was_meant(flash_mb: int) -> None:
    table = PartitionTable.from_binary(packed(FLASH_MAPS[flash_mb]))
    assert [(p.name, p.type, p.subtype, p.offset, p.size) for p in table] == [tuple(p) for p in FLASH_MAPS[flash_mb]]
    table.verify()


@pytest.mark.parametrize("flash_mb", FLASH_MAPS)
def test_a_map_fills_its_flash_without_overlaps(flash_mb: int) -> None:
    at = TABLE_AT + SECTOR
    for p in FLASH_MAPS[flash_mb]:
        assert p.offset == at and p.size % SECTOR == 0 and (p.type != APP or p.offset % 0x10000 == 0), p.label
        at = p.end
    assert at == flash_mb * MB


def test_sizes_are_those_of_the_design() -> None:
    sessions = {mb: part(p, "sessions").size / MB for mb, p in FLASH_MAPS.items()}
    assert sessions == {4: 1.5, 8: 4, 16: 12} and part(FLASH_MAPS[4], "vfs").size == MB // 2


def test_an_odd_flash_gets_the_map_below_and_a_small_one_none() -> None:
    assert map_for(32) == FLASH_MAPS[16] and map_for(6) == FLASH_MAPS[4]
    with pytest.raises(DeviceError, match="2 MB of flash; a sleeve needs at least 4 MB"):
        map_for(2)


def test_a_real_images_table_is_read_and_written_as_it_stands(real_image: Path) -> None:
    at = TABLE_AT - CHIPS["esp32"].image_at
    sector = real_image.read_bytes()[at : at + SECTOR]
    table = parsed(sector)
    assert [p.label for p in table] == ["nvs", "phy_init", "factory", "vfs"]
    assert packed(table) == sector


@pytest.mark.parametrize("at", [0, 5, 33, 170, 190])
def test_a_damaged_table_is_no_table(at: int) -> None:
    damaged = bytearray(packed(FLASH_MAPS[4]))
    damaged[at] ^= 0x10
    assert parsed(bytes(damaged)) == ()


def test_nothing_is_no_table() -> None:
    assert parsed(b"\xff" * SECTOR) == parsed(b"") == parsed(bytes(SECTOR)) == ()


def test_the_document_has_the_maps_as_they_are() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "flash.md").read_text()
    rows = {cells[0]: cells for line in text.splitlines() if (cells := [c.strip() for c in line.strip("|").split("|")])}
    for column, flash_mb in enumerate(FLASH_MAPS, start=2):
        for label in ("factory", "vfs", "sessions"):
            number, unit = rows[label][column].split()
            said = float(number) * {"KiB": 1024, "MiB": MB}[unit]
            assert said == part(FLASH_MAPS[flash_mb], label).size, (label, flash_mb)
