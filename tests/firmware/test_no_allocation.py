"""The firmware's own loop allocates nothing while running, whoever pings; the heap stays usable run after run."""

from __future__ import annotations

from lives import ONLY_AT_BOOT, live, make_image, pulses, runner, sessions_at_rest, sessions_of, switched_on, until

from kneesleeve.engines import core
from kneesleeve.recordings.drain import drain
from kneesleeve.services.verify import verify
from kneesleeve.virtual import Scenario, read_file

# The real app; each pass of the loop runs under heap_lock once the state is `running`, where any allocation raises.
LOCKED = b"""
import gc, micropython, sys
gc.threshold(4096)
sys.path.insert(0, "/a")
from sleeveapp import app, run, states
gc.threshold(-1)
batch, wait, end = run.Run._batch, run.Run._wait, run.Run.close
samples = [0]
def locked(self, call):
    if self._console.state != states.RUNNING:
        return call(self)
    micropython.heap_lock()
    try:
        call(self)
    finally:
        micropython.heap_unlock()
def locked_batch(self):
    locked(self, batch)
    if self._console.state == states.RUNNING:
        samples[0] += self._sampler.n_shank
def locked_wait(self):
    locked(self, wait)
def noted_end(self):
    end(self)
    with open("/samples.txt", "w") as f:
        f.write(str(samples[0]))
run.Run._batch, run.Run._wait, run.Run.close = locked_batch, locked_wait, noted_end
app.main()
"""


def test_ten_thousand_samples_under_heap_lock_with_a_host_that_pings(tmp_path):
    """Donning outside the lock; then strides, cues, block writes, pings and refused requests inside it."""
    recording = runner(run_s=52.0)
    image = make_image(tmp_path / "flash.img", main=LOCKED)
    life = live(image, recording)  # pings and asks for the sessions until the run is over
    assert life.states.count("running") >= 3
    assert int(read_file(image, "samples.txt")) >= 10_000
    assert life.session.closed and life.info["last_fault"] == 0
    assert life.session.strides == core.run(drain(recording), life.info["params"]).strides
    assert len(pulses(life.motor)) > 10 and verify(life.session).verdict == "exact"


def test_five_runs_without_a_restart(tmp_path):
    """Each run makes its buffers anew: the heap must not fall into pieces."""
    image = make_image(tmp_path / "flash.img")
    recording = runner(squats=2, settle_s=8.0, run_s=1.0)  # refused: these runs end by themselves
    with switched_on(image, Scenario(charge_bus=False, presses=ONLY_AT_BOOT), recording) as (virtual, sleeve):
        for number in range(1, 6):
            until(lambda n=number: sessions_at_rest(sleeve, closed=True) == n, f"the end of run {number}")
            virtual.press(200)
    runs = sessions_of(image)
    assert [s.calibration[0] for s in runs[:5] if s.calibration] == [2] * 5
