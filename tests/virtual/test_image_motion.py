"""Images and FIFO files, on the host alone."""

from __future__ import annotations

import numpy as np
import pytest

from kneesleeve.errors import DeviceError, SessionError
from kneesleeve.virtual import Motion, Scenario, create_image, install_app, list_files, read_file
from kneesleeve.virtual.batch import run_main
from kneesleeve.virtual.console import Console
from kneesleeve.virtual.motion import fifo_words, resample


def test_image_round_trip(tmp_path):
    image = tmp_path / "flash.img"
    create_image(image, 64)
    install_app(image, {"main.py": b"1", "a/kneecore/x.py": b"y" * 5000})
    install_app(image, {"main.py": b"22"})
    assert list_files(image) == {"/a/kneecore/x.py": 5000, "/main.py": 2}
    assert read_file(image, "main.py") == b"22"
    with pytest.raises(DeviceError):
        read_file(image, "none")
    (tmp_path / "odd").write_bytes(b"x" * 100)
    with pytest.raises(DeviceError):
        list_files(tmp_path / "odd")


def test_an_image_formatted_by_the_board_reads_on_the_host(on_board, tmp_path, image):
    image.write_bytes(b"\xff" * image.stat().st_size)
    assert run_main(image, Scenario()).exit_code == 0
    install_app(image, {"x": b"1"})
    on_board("with open('y', 'w') as f: f.write('zz')")
    assert read_file(image, "x") == b"1" and read_file(image, "y") == b"zz"


def test_fifo_words():
    gyro = np.array([[1, -2, 3], [4, 5, 6]], np.int16)
    words = fifo_words(gyro, -gyro).reshape(-1, 7)
    assert bytes(words[0, 1:]) == gyro[0].astype("<i2").tobytes()
    assert [word[0] >> 3 for word in words] == [1, 2, 1, 2]
    assert all(int(word[0]).bit_count() % 2 == 0 for word in words)


def test_resample_follows_a_line_at_another_rate():
    line = (np.arange(2080) * 10).astype(np.int16)
    fast = resample(line, 208, 208 * 1.03)
    assert len(fast) == int(2079 * 1.03) + 1
    assert np.abs(fast - np.arange(len(fast)) / 1.03 * 10).max() <= 0.5 + 1e-6
    assert resample(line, 208, 208) is line


def test_motion_refuses_arrays_that_do_not_fit():
    a = np.zeros((5, 3), np.int16)
    with pytest.raises(SessionError):
        Motion(a, a, a, a[:4])


def test_console_hides_the_way_back_to_the_raw_repl_in_any_pieces():
    text = b"boot\x00vb-raw\x00MicroPython v1\r\nUse Ctrl-D to exit, Ctrl-E for paste mode\r\n>>> "
    text += b"raw REPL; CTRL-B to exit\r\n>"
    for size in (1, 3, 7, 1000):
        console = Console()
        console.raw = True
        console.restart()
        shown = answer = b""
        for i in range(0, len(text), size):
            s, a = console.feed(text[i : i + size])
            shown, answer = shown + s, answer + a
        assert shown == b"bootraw REPL; CTRL-B to exit\r\n>"
        assert answer == b"\x01" and console.raw and not console.settling
