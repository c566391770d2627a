"""`sleeve flash` as its user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import Run, failed  # pyright: ignore[reportMissingImports]
from mock_board import MockBoard  # pyright: ignore[reportMissingImports]

from kneesleeve.flashing.cache import image_folder


@pytest.fixture
def no_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_dry_run_needs_neither_board_nor_image(sleeve: Run, no_images: None, monkeypatch) -> None:
    monkeypatch.setattr("kneesleeve.device.address.found_ports", list)
    done = sleeve("flash", "--dry-run")
    assert done.returncode == 0 and "ESP32, 4 MB of flash" in done.stdout and "Nothing was written." in done.stdout
    assert "micropython.org/download/ESP32_GENERIC/" in done.stderr and str(image_folder()) in done.stderr


@pytest.mark.parametrize("size", ["4", "8", "16"])
def test_a_dry_run_of_another_board(size: str, sleeve: Run, image_of: Callable[[str], Path]) -> None:
    words = ("--chip", "esp32s3", "--flash-size", size, "--image", str(image_of("esp32s3")))
    plan = json.loads(sleeve("flash", "--dry-run", "--json", *words).stdout)
    assert plan["chip"] == "esp32s3" and plan["flash_mb"] == int(size) and plan["app"]["board"] == "esp32s3_devkit"
    assert plan["partitions"][-1]["offset"] + plan["partitions"][-1]["size"] == int(size) << 20
    assert {piece["what"]: piece["offset"] for piece in plan["written"]}["bootloader"] == 0
    assert plan["written"][0]["bytes"] and plan["port"] is None and plan["estimate_s"] > 0


def test_flashed_and_told(sleeve: Run, board: MockBoard, image_of: Callable[[str], Path]) -> None:
    words = ("--device", f"serial:{board.url}", "--image", str(image_of("esp32")), "--no-check")
    done = sleeve("flash", *words)
    assert done.returncode == 0, done.stderr
    for expected in ("MicroPython v1.27.0", "partition table  0x008000", "Written and verified in", "921600 baud"):
        assert expected in done.stdout
    told = json.loads(sleeve("flash", *words, "--json").stdout)
    assert told["device"] == "240ac4e29526" and told["info"] is None and told["baud"] == 921600
    assert told["kept"] == ["all runs (`sessions` is not touched)"]


def test_an_app_that_does_not_answer_fails_after_all_was_written(
    sleeve: Run, board: MockBoard, image_of: Callable[[str], Path], monkeypatch
) -> None:
    monkeypatch.setattr("kneesleeve.flashing.after.APP_STARTS_S", 0.0)
    done = sleeve("flash", "--device", f"serial:{board.url}", "--image", str(image_of("esp32")))
    assert done.returncode == 5 and "All is written and verified, but the app does not answer" in done.stderr
    assert board.flash.data[0x1000] == 0xE9


def test_mistakes_are_told_in_a_line(sleeve: Run, tmp_path: Path, image_of: Callable[[str], Path], monkeypatch) -> None:
    failed(sleeve("flash", "--chip", "esp32"), 2, "for a --dry-run without a board")
    failed(sleeve("flash", "--dry-run", "--chip", "esp8266"), 2, "no chip 'esp8266'")
    failed(sleeve("flash", "--dry-run", "--flash-size", "2"), 1, "needs at least 4 MB")
    failed(
        sleeve("flash", "--image", str(tmp_path / "none.bin"), "--device", "serial:/dev/none"),
        1,
        "Cannot read the image",
    )
    failed(sleeve("flash", "--image", str(image_of("esp32")), "--device", "serial:/dev/none"), 5, "There is no port")
    failed(sleeve("flash", "--device", "virtual:"), 2, "A virtual sleeve is not flashed")
    wrong = ("--dry-run", "--chip", "esp32", "--image", str(image_of("esp32s3")))
    failed(sleeve("flash", *wrong), 1, "is for the ESP32-S3, not the ESP32")


def test_no_image_in_the_cache(sleeve: Run, board: MockBoard, no_images: None) -> None:
    failed(sleeve("flash", "--device", f"serial:{board.url}"), 1, "There is no MicroPython image for the ESP32")
    assert board.flash.writes == 0


def test_a_sleeve_in_a_run_is_not_reset(sleeve: Run, tmp_path: Path, image_of: Callable[[str], Path]) -> None:
    import time

    from kneesleeve.device.knock import knock
    from kneesleeve.services.demo import demo_runner
    from kneesleeve.services.hold import held, prepare_image

    runner = demo_runner(30.0, seed=2)
    image = tmp_path / "sleeve.img"
    prepare_image(image, runner.side)
    with held(image, runner, link=None, speed=1.0, don_now=True) as virtual:
        until_s = time.monotonic() + 20
        while (pong := knock(virtual.port)) is None or pong.state != "donning":
            assert time.monotonic() < until_s, "no run within 20 s"
        done = sleeve("flash", "--device", f"pty:{virtual.port}", "--image", str(image_of("esp32")))
        failed(done, 1, "The sleeve is donning: flashing would cut its run short")
        assert virtual.restarts == 0
