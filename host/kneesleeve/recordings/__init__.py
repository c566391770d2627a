"""Recordings: reading, checking and writing them, the built-in runner that makes them, and their drain schedule."""

from kneesleeve.recordings.drain import Batch, Drained, batch_bounds, batches, drain
from kneesleeve.recordings.errors import RecordingError
from kneesleeve.recordings.recording import Recording, load_recording, load_truth
from kneesleeve.recordings.runner import synthesise
from kneesleeve.recordings.save import save
from kneesleeve.recordings.spec import NAMED_RUNNERS, RunnerSpec, Truth, named_runner

__all__ = [
    "NAMED_RUNNERS", "Batch", "Drained", "Recording", "RecordingError", "RunnerSpec", "Truth", "batch_bounds",
    "batches", "drain", "load_recording", "load_truth", "named_runner", "save", "synthesise",
]  # fmt: skip
