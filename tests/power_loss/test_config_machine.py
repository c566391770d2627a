"""Whatever happens to it, a sleeve has a whole configuration: the newest, or the one before and then it says so."""

from __future__ import annotations

from config_world import CALIBRATION, NO_CODE, PIECE, TABLE, Sleeve, config
from hypothesis import assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from littlefs_model import OUTCOMES, LfsFlash

from kneecore import faults, params
from kneesleeve.parameters.configuration import file_bytes

VALUES = {name: st.integers(lo, hi) for name, _, lo, hi, _ in TABLE}


def in_order(given: dict[str, int]) -> dict[str, int]:
    """The same with the pairs swapped that contradict each other."""
    values = params.defaults(TABLE) | given
    for low, high in params.ORDERED:
        if values[low] > values[high]:
            given = given | {low: values[high], high: values[low]}
    return given


GIVEN = st.fixed_dictionaries({}, optional=VALUES).map(in_order)
CALIBRATIONS = st.sampled_from([None, CALIBRATION])
BAD = st.sampled_from(
    [
        b"", b"{}" * 3, b"\xff\x00", b"null", b'{"format":3}', b'{"params":{"cue_volume":3}}', b'{"params":{"side":2}}',
        b'{"format":2,"params":{}}', file_bytes({"side": 7}), file_bytes({"cue_k": 8, "cue_n": 2}),
        file_bytes({"no_such": 1}), file_bytes({}, [1] * 32), b" " * 3000,
    ]
)  # fmt: skip


class Machine(RuleBasedStateMachine):
    """`newest`: what was committed last. `stored`, `old`: the files as they must be."""

    @initialize()
    def made(self) -> None:
        self.sleeve = Sleeve(LfsFlash(), fresh=True)
        self.newest: tuple[dict[str, int], list[int] | None] = ({}, None)
        self.stored: bytes | None = None
        self.old: bytes | None = None
        self.allowed = [self.newest]

    # what a host does

    @rule(given=GIVEN, calibration=CALIBRATIONS)
    def commits(self, given, calibration):
        before = self.stored
        assert self.sleeve.put(given, calibration) == NO_CODE
        self._committed(before, given, calibration)
        assert Sleeve(LfsFlash(self.sleeve.flash.synced)).in_force == self.newest  # acknowledged: power may go now

    @rule(given=GIVEN, pieces=st.integers(0, 3), behind=st.booleans())
    def is_cut_off_while_staging(self, given, pieces, behind):
        """The link goes between two frames; perhaps a commit of all of it still comes."""
        content = file_bytes(given, CALIBRATION)
        assume(pieces * PIECE < len(content))
        self.sleeve.stage(content, pieces)
        if behind:
            assert self.sleeve.commit(content) == faults.CONFIG_REFUSED

    @rule(content=BAD)
    def is_refused(self, content):
        self.sleeve.stage(content[: config.MOST])
        code = self.sleeve.commit(content[: config.MOST])
        assert code == faults.CONFIG_REFUSED or (not content and code != NO_CODE)

    @rule(given=GIVEN, flip=st.integers(1, 0xFFFFFFFF))
    def is_damaged_on_the_line(self, given, flip):
        content = file_bytes(given)
        self.sleeve.stage(content)
        assert (
            self.sleeve.commit(content, crc=flip) == faults.CONFIG_REFUSED
            and "arrive whole" in self.sleeve.console.text
        )

    @rule(given=GIVEN)
    def only_checks(self, given):
        content = file_bytes(given)
        self.sleeve.stage(content)
        assert self.sleeve.commit(content, dry=True) == NO_CODE

    # what happens to the sleeve

    @rule(given=GIVEN, calibration=CALIBRATIONS, operation=st.integers(0, 40), outcome=st.sampled_from(OUTCOMES))
    def loses_power_in_a_commit(self, given, calibration, operation, outcome):
        before, old = self.stored, self.old
        flash = self.sleeve.cut_in(operation, outcome, lambda: self.sleeve.put(given, calibration))
        if flash is None:
            self._committed(before, given, calibration)
            flash = LfsFlash(self.sleeve.flash.synced)
        else:
            content = file_bytes(given, calibration)
            self.sleeve = Sleeve(flash)
            self.stored, self.old = self.sleeve.stored(), self.sleeve.stored(config.OLD)
            assert self.stored in (before, content) and self.old in (old, before)
            if self.stored == content and content != before:
                self.newest = (given, calibration)
        self._boot(flash)

    @rule()
    def reboots(self):
        self._boot(LfsFlash(bytes(self.sleeve.flash.buffer)))

    @precondition(lambda self: self.stored)
    @rule(content=BAD | st.none(), bit=st.integers(0, 20_000), flip=st.booleans(), of_old=st.booleans())
    def loses_a_file(self, content, bit, flip, of_old):
        """One of the two files is damaged, cut, or of another firmware."""
        path, was = (config.OLD, self.old) if of_old else (config.PATH, self.stored)
        assume(was)
        if flip and was:
            at = bit % (8 * len(was))
            assume(not (at % 8 == 5 and len(was) - 10 <= at // 8 < len(was) - 2))  # upper case of a hex digit: the same
            content = bytes(b ^ (1 << at % 8 if i == at // 8 else 0) for i, b in enumerate(was))
        self.sleeve.write(path, content)
        if of_old:
            self.old = content
        else:
            self.stored = content
        self._boot(LfsFlash(bytes(self.sleeve.flash.buffer)))

    # what must hold

    @invariant()
    def is_valid_and_the_newest_or_says_so(self):
        if not hasattr(self, "sleeve"):
            return
        c = self.sleeve.config
        assert not params.problem(params.defaults(TABLE) | c.given, TABLE)
        assert (self.sleeve.stored(), self.sleeve.stored(config.OLD)) == (self.stored, self.old)
        if self.sleeve.in_force != self.newest:
            assert c.problem and c.fault == faults.BAD_CONFIG
            assert self.sleeve.in_force == (_good(self.old) or ({}, None))
        assert bool(c.problem) == (c.fault != faults.NONE) == (_good(self.stored) is None and self._ever())

    def _ever(self) -> bool:
        return self.stored is not None or self.old is not None

    def _committed(self, before, given, calibration):
        content = file_bytes(given, calibration)
        if before != content and _good(before) is not None:
            self.old = before
        self.stored, self.newest = content, (given, calibration)

    def _boot(self, flash: LfsFlash) -> None:
        self.sleeve = Sleeve(flash)
        if not self._ever():  # both files were taken away: nobody can know
            self.newest = ({}, None)


def _good(content: bytes | None):
    try:
        return None if content is None else config.parse(content)
    except Exception:
        return None


TestConfiguration = Machine.TestCase
TestConfiguration.settings = settings(max_examples=60, stateful_step_count=25, deadline=None, derandomize=True)
