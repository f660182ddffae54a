"""What goes through the pipes of a training process: nothing is lost, and an end is told with its cause and a way on."""

import os
import signal
import sys
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.plan.threads import HELPER_FLAG
from engine.problems import UserError
from engine.process import bundle, channel, ending
from engine.process.bundle import Bundle
from engine.process.channel import Reader, Writer, frames
from engine.process.client import Client, _command, run_worker_if_asked
from engine.process.ending import Ending, memory_kills
from engine.process.messages import Continue, Failed, Heartbeat, Paused, Progress, Result, Start, decode, encode
from engine.training.events import EpochDone, Steps, Validating
from engine.training.history import Epoch

KILLED, SEGFAULT, TERMINATED = -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGTERM


@pytest.mark.parametrize(
    ("code", "memory", "epoch", "text"),
    [
        (3, False, None, "ended by itself with code 3. There is no checkpoint yet; train again."),
        (0, True, 2, "ended by itself with code 0. The last checkpoint is from epoch 2; Resume continues from there."),
        (
            KILLED,
            True,
            7,
            "because memory ran out. Choose a smaller batch or network. The last checkpoint is from epoch 7",
        ),
        (
            KILLED,
            False,
            0,
            "from outside (signal 9). The last checkpoint is from within the first epoch; Resume continues",
        ),
        (SEGFAULT, True, None, "crashed (SIGSEGV). There is no checkpoint yet; train again."),
        (TERMINATED, True, 1, "was ended from outside (signal 15). The last checkpoint is from epoch 1"),
        (-999, False, None, "was ended from outside (signal 999)."),
    ],
)
def test_an_end_is_told_with_its_cause_and_what_to_do(code, memory, epoch, text):
    assert text in Ending(code, memory, epoch).text


def test_processes_that_the_system_ended_for_lack_of_memory_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(ending, "_COUNTERS", tmp_path / "vmstat")
    assert memory_kills() == 0
    (tmp_path / "vmstat").write_text("nr_free_pages 77\noom_kill 3\noom_kill_more 9\n")
    assert memory_kills() == 3
    (tmp_path / "vmstat").write_text("oom_kill many\n")
    assert memory_kills() == 0


def steps(first, count):
    numbers = tuple(float(number) for number in range(first, first + count))
    return Steps(first, first // 10, numbers, tuple(-n for n in numbers), tuple(n / 2 for n in numbers), first + 0.5)


@given(counts=st.lists(st.integers(0, 3), min_size=1, max_size=12), taken=st.sets(st.integers(0, 11)))
@settings(max_examples=50)
def test_a_bundle_passes_on_every_step_and_epoch_once_and_in_order(counts, taken):
    collected, told, done = Bundle(), [], 0
    for place, count in enumerate(counts):
        event = steps(done, count) if count else EpochDone(Epoch(place, done, 0.1, 0.5), best=True)
        collected.add(event)
        done += count
        if place in taken:
            told.append(collected.take())
            assert collected.take() is None
    told.append(collected.take())
    found = [message.steps for message in told if message and message.steps]
    for name in ("losses", "rates", "gradient_norms"):
        assert [n for part in found for n in getattr(part, name)] == list(getattr(steps(0, done), name))
    assert [part.first for part in found] == [int(part.losses[0]) for part in found]
    epochs = [event.epoch.number for message in told if message for event in message.epochs]
    assert epochs == [place for place, count in enumerate(counts) if not count]


def test_a_bundle_tells_the_latest_speed_and_how_much_is_validated_while_that_goes_on():
    collected = Bundle()
    for event in (steps(8, 2), steps(10, 2), Validating(3, 12)):
        collected.add(event)
    assert collected.take() == Progress(
        Steps(8, 1, (8.0, 9.0, 10.0, 11.0), (-8.0, -9.0, -10.0, -11.0), (4.0, 4.5, 5.0, 5.5), 10.5), (), 0.25
    )
    for event in (steps(12, 1), EpochDone(Epoch(1, 13, 0.1, 0.5), best=False)):
        collected.add(Validating(6, 12))
        collected.add(event)
        assert collected.take().validated is None


def test_bundles_are_due_at_most_20_times_a_second(monkeypatch):
    now = 100.0
    monkeypatch.setattr(bundle, "perf_counter", lambda: now)
    collected = Bundle()
    assert collected.due()
    collected.add(steps(0, 1))
    collected.take()
    now += 0.04
    assert not collected.due()
    now += 0.02
    assert collected.due()


MESSAGES = (
    Start({"boxes": [1, "x", None]}, "folder", resume=True, every=0.5),
    Continue(),
    Progress(steps(0, 3), (EpochDone(Epoch(1, 3, 0.1, 0.5, {"out": {"R2": None}}), best=True),), 0.5),
    Paused(False),
    Result("failed", "", b"\0\xff", "Numbers became infinite.", "head"),
    Failed("It failed.", "trace", 0),
)


def framed(*messages):
    return b"".join(len(content).to_bytes(8, "little") + content for content in map(encode, messages))


def test_messages_arrive_as_they_were_sent_and_a_torn_one_not_at_all():
    stream = framed(*MESSAGES)
    assert list(frames(BytesIO(stream))) == list(MESSAGES)
    for cut in (1, 5, len(encode(MESSAGES[-1])) + 3):
        assert list(frames(BytesIO(stream[:-cut]))) == list(MESSAGES[:-1])


def pipe():
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")


def test_a_writer_that_has_nothing_to_say_says_that_it_is_there(monkeypatch):
    monkeypatch.setattr(channel, "HEARTBEAT", 0.01)
    reading, writing = pipe()
    writer = Writer(writing, heartbeat=True)
    with reading:
        heard = frames(reading)
        assert next(heard) == Heartbeat()
        for message in MESSAGES:
            writer.put(message)
        writer.close(60)
        assert [message for message in heard if message != Heartbeat()] == list(MESSAGES)
    assert writer.idle


def test_what_is_said_to_nobody_is_lost_and_harms_nobody():
    reading, writing = pipe()
    writer = Writer(writing)
    reading.close()
    writer.put(MESSAGES[0])
    writer.close(60)
    assert writing.closed
    writer.put(MESSAGES[0])
    assert not writer._open


@pytest.mark.parametrize("rest", [b"", b"torn", b"nonsense" * 9, framed(MESSAGES[0])[:-1]])
def test_a_reader_hears_all_that_was_said_and_then_that_it_is_over(rest):
    heard, over = [], []
    reading, writing = pipe()
    reader = Reader(reading, heard.append, lambda: over.append(len(heard)))
    with writing:
        writing.write(framed(*MESSAGES) + rest)
    reader.join(60)
    assert heard == list(MESSAGES)
    assert over == [len(MESSAGES)]
    assert reading.closed


@pytest.mark.parametrize(
    "content", [b"", b"\xc1", encode(Paused(True))[:-1], b"\x92\xa5Other\x80", b"\x92\xa6Paused\x80"]
)
def test_what_is_no_message_is_refused_in_a_sentence(content):
    with pytest.raises(UserError, match="said something that nobody understands"):
        decode(content)
    with pytest.raises(UserError, match="said something that is no message"):
        list(frames(BytesIO(b"x" * 100)))


def test_a_result_that_is_gone_is_an_end_with_a_sentence(tmp_path):
    client = Client(tmp_path)
    client._hear(Result("done", str(client.folder / "gone")))
    [failed] = client.poll()
    assert "The result of the training could not be read" in failed.text
    assert client.ended


def test_a_frozen_program_is_its_own_training_process(monkeypatch):
    began = []
    monkeypatch.setattr("engine.process.worker.main", lambda: began.append("training"))
    monkeypatch.setattr("engine.plan.member_process.main", lambda: began.append("helper"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert run_worker_if_asked(_command())
    assert run_worker_if_asked(["netwright", HELPER_FLAG, "more"])
    assert not run_worker_if_asked(["netwright"])
    assert not run_worker_if_asked(["netwright", "file.netw"])
    assert began == ["training", "helper"]
