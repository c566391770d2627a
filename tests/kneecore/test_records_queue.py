"""Records wait in RAM, whole and in order; what finds no room is counted and said."""

from __future__ import annotations

import struct
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kneecore import records as r
from kneecore.record_queue import KEPT, MOST_WAIT, PRESSING, RecordQueue


def taken(queue: RecordQueue, limit: int = 4096) -> list[tuple[int, int, bytes]]:
    """(sequence, type, payload) of what one program call would take; the rest stays."""
    n, at, found = queue.run(limit), queue.tail, []
    end = at + n
    while at < end:
        size = r.size_at(queue.buffer, at)
        length = int.from_bytes(queue.buffer[at + 2 : at + 4], "little")
        sequence = int.from_bytes(queue.buffer[at + 4 : at + 7], "little")
        found.append((sequence, queue.buffer[at + 1], bytes(queue.buffer[at + 8 : at + 8 + length])))
        at += size
    assert at == end
    queue.take(n)
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.sampled_from([0, 0, 1, 200, 4096])), max_size=80), st.integers(1, 3))
def test_what_goes_in_comes_out_once_and_in_order(steps, seed):
    """A small queue, so that it wraps at every place; a refused record is never half there."""
    rng = Random(seed)
    queue = RecordQueue(1400)
    went_in, came_out = [], []
    for n, take in steps:
        payload = rng.randbytes(n)
        if queue.record(r.EVENT, payload, 0):
            went_in.append((len(went_in), r.EVENT, payload))
        if take:
            came_out += taken(queue, take)
        assert queue.next_sequence == len(came_out)
    while not queue.empty:
        came_out += taken(queue)
    assert came_out == went_in
    assert queue.taken == sum(r.room(len(payload)) for _, _, payload in went_in)


def test_a_run_takes_whole_records_up_to_a_limit_and_at_least_one():
    queue = RecordQueue()
    for _ in range(5):
        queue.record(r.EVENT, bytes(12), 0)
    assert queue.run(0) == 24 and queue.run(24) == 24 and queue.run(71) == 48 and queue.run(4096) == 120


def test_a_record_that_was_begun_and_not_committed_is_dropped():
    queue = RecordQueue()
    queue.begin(r.RAW, 700)
    queue.record(r.EVENT, b"x" * 12, 0)
    assert taken(queue) == [(0, r.EVENT, b"x" * 12)] and queue.empty


def test_raw_leaves_room_for_the_records_that_say_what_went_wrong():
    queue = RecordQueue(4096)
    while queue.record(r.RAW, bytes(500), 0):
        pass
    for _ in range(KEPT // 24 - 1):
        assert queue.record(r.EVENT, bytes(12), 0)


def test_an_overrun_is_said_before_the_next_record_with_all_that_was_lost():
    queue = RecordQueue(4096)
    count = 0
    while queue.record(r.RAW, bytes(500), 40):
        count += 1
    queue.overrun(40, 8)
    queue.overrun(41, 9)
    assert queue.begin(r.RAW, 500) == -1, "still no room"
    taken(queue, 4096)
    assert queue.record(r.RAW, bytes(500), 43)
    assert queue.record(r.RAW, bytes(500), 44)
    found = taken(queue)
    assert [kind for _, kind, _ in found] == [r.DROPOUT, r.RAW, r.RAW]
    assert [sequence for sequence, _, _ in found] == [count, count + 1, count + 2]
    assert struct.unpack("<IBBHI", found[0][2]) == (40, 2, r.LOST_RAM, 0, 17)


def test_an_event_that_finds_room_says_the_overrun_first():
    queue = RecordQueue(4096)
    while queue.record(r.RAW, bytes(500), 7):
        pass
    queue.overrun(7, 4)
    assert queue.record(r.EVENT, bytes(12), 8)
    kinds = [kind for _, kind, _ in taken(queue)]
    assert kinds[-2:] == [r.DROPOUT, r.EVENT]


def test_records_are_due_before_half_a_second_has_passed():
    queue = RecordQueue()
    assert not queue.due(10**6)
    queue.record(r.EVENT, bytes(12), 100)
    queue.record(r.EVENT, bytes(12), 120)
    assert not queue.due(100 + MOST_WAIT - 1) and queue.due(100 + MOST_WAIT) and MOST_WAIT * 20 < 500
    taken(queue)
    assert not queue.due(200)
    queue.record(r.EVENT, bytes(12), 200)
    assert not queue.due(201)


def test_much_that_waits_is_due_at_once():
    queue = RecordQueue(4096)
    while queue.record(r.RAW, bytes(500), 10) and not queue.due(10):
        pass
    assert len(taken(queue)) == 4 and 3 * r.room(500) <= PRESSING


def test_what_is_dropped_was_never_counted():
    queue = RecordQueue()
    for i in range(4):
        queue.record(r.EVENT, bytes(12), i)
    taken(queue, 24)
    queue.drop()
    assert queue.empty and queue.next_sequence == 1
    queue.record(r.CLOSE, bytes(24), 9)
    assert taken(queue) == [(1, r.CLOSE, bytes(24))]


def test_a_session_starts_anew():
    queue = RecordQueue(1400)
    queue.record(r.EVENT, bytes(12), 0)
    queue.overrun(3, 3)
    queue.restart()
    queue.record(r.EVENT, b"y" * 12, 0)
    assert taken(queue) == [(0, r.EVENT, b"y" * 12)] and queue.taken == 24


def test_sequences_are_counted_modulo_24_bits():
    queue = RecordQueue()
    queue._words[3] = 0xFFFFFF
    queue.record(r.EVENT, bytes(12), 0)
    queue.record(r.EVENT, bytes(12), 0)
    assert [sequence for sequence, _, _ in taken(queue)] == [0xFFFFFF, 0]


@pytest.mark.parametrize(("kind", "n"), [(r.META, 3985), (r.RAW, 1765), (r.STRIDE, 1025)])
def test_a_record_longer_than_the_format_allows_is_refused(kind, n):
    with pytest.raises(ValueError, match="too long"):
        RecordQueue().begin(kind, n)


def test_the_longest_state_fits_an_empty_queue():
    assert RecordQueue(8192).record(r.STATE, bytes(3984), 0)


def held(queue: RecordQueue, *payloads: bytes) -> None:
    assert queue.hold()
    for payload in payloads:
        assert queue.record(r.RAW, payload, 5)


def test_what_is_held_waits_for_nobody():
    queue = RecordQueue(4096)
    queue.record(r.EVENT, bytes(12), 0)
    taken(queue)
    held(queue, b"a" * 700, b"b" * 700)
    assert queue.empty and queue.run(4096) == 0
    assert queue.next_sequence == 1 and not queue.due(1000)


def test_what_is_released_goes_in_order_and_its_wait_begins_then():
    queue = RecordQueue(4096)
    held(queue, b"a" * 700, b"b" * 700)
    queue.release(50)
    assert not queue.due(50 + MOST_WAIT - 1) and queue.due(50 + MOST_WAIT)
    queue.record(r.STRIDE, b"c" * 40, 50)
    assert taken(queue) == [(0, r.RAW, b"a" * 700), (1, r.RAW, b"b" * 700), (2, r.STRIDE, b"c" * 40)]


def test_what_is_held_leaves_room_for_the_stride_that_releases_it():
    queue = RecordQueue(4096)
    assert queue.hold()
    while queue.record(r.RAW, bytes(300), 5):
        pass
    queue.release(5)
    assert queue.record(r.STRIDE, bytes(60), 5) and queue.record(r.EVENT, bytes(12), 5)


def test_what_is_discarded_never_was():
    queue = RecordQueue(4096)
    queue.record(r.EVENT, bytes(12), 0)
    taken(queue)
    held(queue, b"a" * 700, b"b" * 700)
    queue.discard()
    queue.record(r.STRIDE, b"c" * 40, 9)
    assert taken(queue) == [(1, r.STRIDE, b"c" * 40)]


def test_nothing_is_held_behind_records_that_wait_or_a_loss_that_is_owed():
    queue = RecordQueue(4096)
    queue.record(r.EVENT, bytes(12), 0)
    assert not queue.hold() and not queue.holding
    taken(queue)
    queue.overrun(3, 4)
    assert not queue.hold()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 300)), max_size=80), st.integers(1, 3))
def test_holding_releasing_and_discarding_at_any_time_keep_order_and_sequence(steps, seed):
    rng = Random(seed)
    queue = RecordQueue(1400)
    sure, unsure, came_out = [], [], []
    for what, n in steps:
        if what == 0:
            queue.hold()
        elif what == 1:
            if queue.holding:
                queue.release(0)
            sure, unsure = sure + unsure, []
        elif what == 2:
            queue.discard()
            unsure = []
        else:
            payload = rng.randbytes(n)
            if queue.record(r.EVENT, payload, 0):
                number = len(sure) + len(unsure)
                (unsure if queue.holding else sure).append((number, r.EVENT, payload))
        if what == 4:
            came_out += taken(queue, 400)
        assert queue.next_sequence == len(came_out)
    queue.discard()
    while not queue.empty:
        came_out += taken(queue)
    assert came_out == sure
