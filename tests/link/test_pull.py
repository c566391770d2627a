"""Pull: what is on the sleeve ends up in a file, whatever happens on the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_sleeve import FakeSleeve
from session_files import run_session  # pyright: ignore[reportMissingImports]

from kneecore import frames
from kneecore.ring_header import BLOCK
from kneesleeve.device.sleeve import Sleeve
from kneesleeve.errors import DeviceError, LinkError, SessionError, SleeveError
from kneesleeve.link.serial_link import FrameLink
from kneesleeve.services.part import good_bytes
from kneesleeve.services.pull import Pulled, pull

DATA = run_session(1300).data()  # about 38 blocks, three reads


@pytest.fixture
def fake() -> Iterator[FakeSleeve]:
    with FakeSleeve({7: DATA}) as sleeve:
        yield sleeve


def pulled(fake: FakeSleeve, folder: Path, session_id: int = 7) -> Pulled:
    with Sleeve(FrameLink(fake.port, timeout_s=0.15)) as sleeve:
        return pull(sleeve, session_id, folder)


def cut(folder: Path, after: int) -> FakeSleeve:
    """Pull from a sleeve that is unplugged after so many bytes; returns a fresh one."""
    with FakeSleeve({7: DATA}) as fake:
        fake.manners.unplug_after = after
        with pytest.raises(LinkError, match="unplugged"):
            pulled(fake, folder)
    return FakeSleeve({7: DATA})


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_session_is_pulled_byte_for_byte(fake: FakeSleeve, tmp_path: Path) -> None:
    result = pulled(fake, tmp_path)
    assert result.path == tmp_path / "ab12-00000007.sleeve" and result.path.read_bytes() == DATA
    assert result.sha256 == hashlib.sha256(DATA).hexdigest() and result.bytes == len(DATA) and result.losses == []
    assert names(tmp_path) == ["ab12-00000007.sleeve"]


def test_the_result_is_usable_as_a_path(fake: FakeSleeve, tmp_path: Path) -> None:
    assert Path(pulled(fake, tmp_path)).is_file()


def test_progress_grows_to_the_whole(fake: FakeSleeve, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with Sleeve(FrameLink(fake.port)) as sleeve:
        pull(sleeve, 7, tmp_path, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen) and seen[0] == (0, len(DATA)) and seen[-1] == (len(DATA), len(DATA))


def test_a_folder_that_is_missing_is_made(fake: FakeSleeve, tmp_path: Path) -> None:
    assert pulled(fake, tmp_path / "a" / "b").path.is_file()


def test_damage_on_the_line_does_not_reach_the_file(fake: FakeSleeve, tmp_path: Path) -> None:
    fake.manners.corrupt_at = [2000, 50_000, 90_001, 120_000]
    fake.manners.drop_at = [70_000]
    assert pulled(fake, tmp_path).path.read_bytes() == DATA


def test_an_unplug_leaves_only_the_part_and_says_how_much_came(tmp_path: Path) -> None:
    with FakeSleeve({7: DATA}) as fake:
        fake.manners.unplug_after = 100_000
        with pytest.raises(LinkError, match=rf"\d+ of {len(DATA)} bytes") as error:
            pulled(fake, tmp_path)
    assert "same command" in error.value.hint and error.value.exit_code == 5
    assert names(tmp_path) == ["ab12-00000007.sleeve.part"]


def test_the_same_pull_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    with cut(tmp_path, 100_000) as fake:
        result = pulled(fake, tmp_path)
        assert fake.sent < len(DATA) - result.resumed_at + 20_000
    assert 80_000 < result.resumed_at < 100_000 and result.path.read_bytes() == DATA
    assert names(tmp_path) == ["ab12-00000007.sleeve"]


@pytest.mark.parametrize("after", [300, 1_000, 66_000, 140_000])
def test_it_may_be_cut_anywhere(tmp_path: Path, after: int) -> None:
    with cut(tmp_path, after) as fake:
        assert pulled(fake, tmp_path).path.read_bytes() == DATA


def test_a_damaged_part_is_kept_up_to_its_damage(fake: FakeSleeve, tmp_path: Path) -> None:
    part = bytearray(DATA[: 10 * BLOCK + 100])
    part[4 * BLOCK + 50] ^= 1
    (tmp_path / "ab12-00000007.sleeve.part").write_bytes(part)
    result = pulled(fake, tmp_path)
    assert result.resumed_at == 4 * BLOCK and result.path.read_bytes() == DATA


def test_a_part_of_an_older_session_of_that_number_is_thrown_away(fake: FakeSleeve, tmp_path: Path) -> None:
    (tmp_path / "ab12-00000007.sleeve.part").write_bytes(run_session(900, build="older").data()[: 5 * BLOCK])
    result = pulled(fake, tmp_path)
    assert result.resumed_at == 0 and result.path.read_bytes() == DATA


def test_an_identical_file_is_not_fetched_again(fake: FakeSleeve, tmp_path: Path) -> None:
    first = pulled(fake, tmp_path)
    before = fake.sent
    second = pulled(fake, tmp_path)
    assert second.already and second.path == first.path and fake.sent - before < 20_000


def test_a_different_file_is_never_overwritten(fake: FakeSleeve, tmp_path: Path) -> None:
    other = tmp_path / "ab12-00000007.sleeve"
    other.write_bytes(b"my notes")
    result = pulled(fake, tmp_path)
    assert other.read_bytes() == b"my notes" and result.path.name == "ab12-00000007-2.sleeve"


def test_a_numbered_variant_is_found_again(fake: FakeSleeve, tmp_path: Path) -> None:
    (tmp_path / "ab12-00000007.sleeve").write_bytes(b"my notes")
    pulled(fake, tmp_path)
    assert pulled(fake, tmp_path).already and len(names(tmp_path)) == 2


def test_a_damaged_copy_does_not_pass_for_the_session(fake: FakeSleeve, tmp_path: Path) -> None:
    copy = bytearray(DATA)
    copy[9 * BLOCK + 77] ^= 1
    (tmp_path / "ab12-00000007.sleeve").write_bytes(copy)
    result = pulled(fake, tmp_path)
    assert not result.already and result.path.read_bytes() == DATA


def test_damage_in_the_sleeves_storage_is_pulled_and_named(fake: FakeSleeve, tmp_path: Path) -> None:
    stored = bytearray(DATA)
    stored[5 * BLOCK + 77] ^= 1
    fake.sessions[7] = bytes(stored)
    result = pulled(fake, tmp_path)
    assert result.path.read_bytes() == stored and "block 5" in str(result.losses[0])


def test_what_is_no_session_gets_no_name(fake: FakeSleeve, tmp_path: Path) -> None:
    fake.sessions[7] = b"not a session" * 1000
    with pytest.raises(SessionError, match="no session"):
        pulled(fake, tmp_path)
    assert names(tmp_path) == []


def test_an_unknown_session_lists_what_is_there(fake: FakeSleeve, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no session 9") as error:
        pulled(fake, tmp_path, 9)
    assert "7" in error.value.hint


def test_a_sleeve_in_a_run_is_left_alone(fake: FakeSleeve, tmp_path: Path) -> None:
    fake.manners.state = 3
    with pytest.raises(DeviceError, match="in a run"):
        pulled(fake, tmp_path)
    assert frames.READ not in [kind for kind, _ in fake.requests]


@pytest.mark.skipif(os.name != "posix", reason="a file where a folder should be")
def test_a_folder_that_cannot_be_made(fake: FakeSleeve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SleeveError, match="Cannot write") as error:
        pulled(fake, tmp_path / "file" / "x")
    assert error.value.exit_code == 1


def test_good_bytes_are_whole_blocks_of_this_session() -> None:
    assert good_bytes(DATA[: 3 * BLOCK + 9], 7) == 3 * BLOCK
    assert good_bytes(DATA, 8) == 0 and good_bytes(b"", 7) == 0
    assert good_bytes(DATA[BLOCK:], 7) == 0
