"""The configuration over the link of a real MicroPython: every corner arrives, nothing by halves, nothing in a run."""

from __future__ import annotations

import json
import struct
import zlib

import pytest
from lives import ONLY_AT_BOOT, config_of, live, make_image, runner, sessions_at_rest, sessions_of, switched_on, until
from test_no_allocation import LOCKED

from kneecore import faults, frames, params
from kneesleeve.device.configuring import commit, read_in_force
from kneesleeve.engines.virtual import run_scenario
from kneesleeve.errors import ConfigError, DeviceError, ProtocolError
from kneesleeve.parameters.configuration import Configuration, file_bytes
from kneesleeve.parameters.schema import own_bytes, own_schema
from kneesleeve.services.config import put
from kneesleeve.services.verify import verify
from kneesleeve.virtual import Scenario, install_app, read_file

TABLE = params.TABLE + params.SETTINGS
LOW, HIGH = {row[0]: row[2] for row in TABLE}, {row[0]: row[3] for row in TABLE}
IDENTITY = (0, 0, 1, *[8192, 0, 0, 0, 8192, 0, 0, 0, 8192] * 2, *[0] * 10, 5)
QUIET = Scenario(charge_bus=False)


def detector(values: dict[str, int]) -> dict[str, int]:
    return {name: values[name] for name in params.NAMES}


def test_every_parameter_takes_its_lowest_and_highest_over_the_link(tmp_path):
    """Alone, or with its partner where two contradict each other."""
    partner = {low: high for low, high in params.ORDERED} | {high: low for low, high in params.ORDERED}
    with switched_on(make_image(tmp_path / "flash.img", config=None), QUIET) as (_, sleeve):
        for corner in (LOW, HIGH):
            for name, value in corner.items():
                given = {name: value}
                if params.problem(params.defaults(TABLE) | given, TABLE):
                    given[partner[name]] = value if partner[name] != "threshold_floor_mdeg" else 500
                put(sleeve, Configuration(given))
                info = sleeve.info()
                shown = info["params"] | {"record_level": ("strides", "windows", "raw").index(info["record_level"])}
                assert shown == params.defaults(TABLE) | given


@pytest.mark.parametrize("corner", [LOW, HIGH], ids=["lowest", "highest"])
def test_a_run_with_every_parameter_at_its_end_is_recorded_and_exact(tmp_path, corner):
    image = make_image(tmp_path / "flash.img", config=None)
    given = corner | {"record_level": 2, "cue_mode": 1, "side": 0}
    with switched_on(image, QUIET) as (_, sleeve):
        put(sleeve, Configuration(given))
    life = live(image, runner(run_s=40.0))
    assert life.session.meta["params"] == detector(given) and life.session.meta["level"] == "raw"
    assert verify(life.session).verdict == "exact" and len(life.session.strides) > (40 if corner is LOW else 0)


def test_what_was_set_is_there_after_a_restart_with_its_calibration(tmp_path):
    image, wanted = make_image(tmp_path / "flash.img", config=None), Configuration(HIGH, IDENTITY)
    with switched_on(image, QUIET) as (_, sleeve):
        assert read_in_force(sleeve).source == "defaults"
        put(sleeve, wanted)
    with switched_on(image, QUIET) as (_, sleeve):
        now = read_in_force(sleeve)
        assert (now.configuration, now.source, now.problem) == (wanted, "stored", "")
    assert read_file(image, "config.json") == file_bytes(wanted.given, wanted.calibration)


def test_the_sleeve_publishes_this_table_and_its_name(tmp_path):
    with switched_on(make_image(tmp_path / "flash.img"), QUIET) as (_, sleeve):
        assert sleeve.fetch(frames.SCHEMA) == own_bytes()
        assert sleeve.info()["schema"] == read_in_force(sleeve).schema.id == own_schema().id


def test_what_is_refused_leaves_everything_as_it_was(tmp_path):
    image = make_image(tmp_path / "flash.img", config=None)
    with switched_on(image, QUIET) as (_, sleeve):
        put(sleeve, Configuration({"arm_dps": 200}))
        for content, words in (
            (file_bytes({"arm_dps": 401}), "arm_dps = 401 is outside 80 ... 400 dps"),
            (file_bytes({"cue_k": 3}), "cue_k = 3 is more than cue_n = 1"),
            (file_bytes({"arm_dp": 1}), "unknown parameter arm_dp"),
            (file_bytes({}, [1] * 32), "status, side or flex flag"),
            (b'{"format":9,"crc":"%08x"}' % zlib.crc32(b'{"format":9'), "format 9"),
            (file_bytes({"side": 1})[:-5], ""),
            (json.dumps({"params": {"side": "left"}}).encode(), "side = left is outside"),
        ):
            with pytest.raises(ConfigError) as refused:
                commit(sleeve, content)
            assert words in refused.value.message and refused.value.hint
        put(sleeve, Configuration({"side": 1}), dry_run=True)
        assert read_in_force(sleeve).configuration == Configuration({"arm_dps": 200})


def test_pieces_that_do_not_fit_are_refused(tmp_path):
    content = file_bytes({"side": 1})
    stage, end = frames.CONFIG_STAGE, frames.CONFIG_COMMIT
    with switched_on(make_image(tmp_path / "flash.img", config=None), QUIET) as (_, sleeve):
        for kind, payload in (
            (stage, b""), (stage, b"\0"), (stage, b"\0\0"), (stage, struct.pack("<H", 1) + b"x"),
            (stage, b"\xff\xffx"), (end, b""), (end, bytes(8)),
            (frames.CONFIG_COMMIT + 1, b""), (frames.SCHEMA - 1, b""),
        ):  # fmt: skip
            with pytest.raises(DeviceError, match="bad_request"):
                sleeve.order(kind, payload)
        with pytest.raises(ConfigError, match="did not arrive whole"):
            sleeve.order(end, struct.pack("<HIB", 0, 1, 0))
        sleeve.order(stage, b"\0\0" + content[:50])
        for again in range(2):  # a piece may come twice
            sleeve.order(stage, struct.pack("<H", 50) + content[50:])
            assert again < 2
        sleeve.order(end, struct.pack("<HIB", len(content), zlib.crc32(content), 0))
        assert read_in_force(sleeve).configuration == Configuration({"side": 1})


def test_in_a_run_it_is_busy_and_the_run_stays_exact(tmp_path):
    image = make_image(tmp_path / "flash.img")
    refusals = set()

    def ask(sleeve):
        for kind in (frames.SCHEMA, frames.CONFIG_READ, frames.CONFIG_STAGE, frames.CONFIG_COMMIT):
            try:
                sleeve.order(kind, b"")
            except DeviceError as error:
                refusals.add((error.message, error.hint))
            except ProtocolError:
                break  # the run is over: it answers
        return sessions_at_rest(sleeve)

    recording = runner(run_s=20.0)
    with switched_on(image, run_scenario(recording, charge_bus=False), recording) as (_, sleeve):
        until(lambda: sleeve.ping().state == "running", "the run", every_s=0.001)
        until(lambda: ask(sleeve) > 0, "the run's end")
    assert any("busy" in message and "button" in hint for message, hint in refusals)
    assert verify(sessions_of(image)[0]).verdict == "exact"


def test_configuring_before_a_run_leaves_its_heap_alone(tmp_path):
    """The code that answers leaves the heap again; then a run under heap_lock, twice, with configuring in between."""
    image = make_image(tmp_path / "flash.img", main=LOCKED, config=config_of(level=0))
    recording = runner(squats=2, settle_s=8.0, run_s=1.0)  # refused: these runs end by themselves
    with switched_on(image, Scenario(charge_bus=False, presses=ONLY_AT_BOOT), recording) as (virtual, sleeve):
        for number in range(1, 4):
            until(lambda n=number: sessions_at_rest(sleeve, closed=True) == n, f"the end of run {number}")
            put(sleeve, Configuration(HIGH | {"run_number": number}, None))
            sleeve.fetch(frames.SCHEMA)
            virtual.press(200)
        until(lambda: sessions_at_rest(sleeve, closed=True) == 4, "the end of run 4")
        assert sleeve.info()["last_fault"] == faults.DONNING_REFUSED
    assert [s.meta["params"]["run_number"] for s in sessions_of(image)] == [1, 1, 2, 3]


MEASURE = b"""
import gc, sys
gc.threshold(4096)
sys.path.insert(0, "/a")
from sleeveapp import app, run
gc.threshold(-1)
begun = run.Run._start
def noted(self):
    gc.collect()
    with open("/free.txt", "a") as f:
        f.write("%d " % gc.mem_free())
    begun(self)
run.Run._start = noted
app.main()
"""


def test_after_configuring_a_run_has_the_memory_it_had_before(tmp_path):
    """What was set takes a little; the code and the staging buffer are gone."""
    image = make_image(tmp_path / "flash.img", main=MEASURE, config=config_of(level=0))
    recording = runner(squats=2, settle_s=8.0, run_s=1.0)
    with switched_on(image, Scenario(charge_bus=False, presses=ONLY_AT_BOOT), recording) as (virtual, sleeve):
        for number in range(1, 5):
            until(lambda n=number: sessions_at_rest(sleeve, closed=True) == n, f"the end of run {number}")
            put(sleeve, Configuration({"run_number": number}))
            virtual.press(200)
        until(lambda: sessions_at_rest(sleeve, closed=True) == 5, "the end of run 5")
    free = [int(word) for word in read_file(image, "free.txt").split()]
    assert len(free) == 5 and free[0] - min(free) < 256


def test_every_damage_is_noticed_by_micropython(on_board):
    """Each bit flipped and each length cut of a file, through the sleeve's own reader."""
    content = file_bytes(LOW, IDENTITY)
    out = on_board(
        "from sleeveapp import config_file as config\n"
        f"good = {content!r}\n"
        "wanted = config.parse(good)\n"
        "bad = 0\n"
        "def same(data):\n"
        "    try:\n        return config.parse(data) == wanted\n"
        "    except Exception:\n        return None\n"
        "data = bytearray(good)\n"
        "for i in range(len(good)):\n"
        "    bad += same(good[:i]) is not None\n"
        "    for b in range(8):\n"
        "        data[i] ^= 1 << b\n"
        "        bad += same(bytes(data)) is False\n"
        "        data[i] ^= 1 << b\n"
        "print('unnoticed', bad, len(good))\n"
    )
    assert f"unnoticed 0 {len(content)}" in out.output


def test_a_new_firmware_reads_the_old_file_and_an_old_one_keeps_its_last_good(tmp_path):
    image = make_image(tmp_path / "flash.img", config=config_of(side=1))
    with switched_on(image, QUIET) as (_, sleeve):
        now = read_in_force(sleeve)
        assert now.source == "stored" and now.configuration.given["side"] == 1
        put(sleeve, Configuration({"arm_dps": 90}))
    install_app(image, {"config.json": b'{"format":3,"params":{"arm_dps":90,"cue_volume":3}}'})
    with switched_on(image, QUIET) as (_, sleeve):
        now, info = read_in_force(sleeve), sleeve.info()
        assert now.source == "last_good" and now.configuration.given["side"] == 1
        assert info["last_fault"] == faults.BAD_CONFIG and "format 3" in info["problem"] == now.problem
