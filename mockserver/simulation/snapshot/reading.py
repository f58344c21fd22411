"""Reads a record from JSON, job by job, and refuses parts that are larger than those of any world."""

from __future__ import annotations

from msgspec import Raw
from msgspec.json import Decoder, Encoder

from mockserver.simulation.snapshot.pauses import Steps
from mockserver.simulation.snapshot.record import JobRecord, WorldRecord
from mockserver.simulation.snapshot.soundness import need

MOST_JOBS = 200_000
"""Most jobs in a snapshot, members of teams included."""

JOB_BYTES = 10 * 1024 * 1024
"""Most bytes of one job."""

REST_BYTES, REST_OF_A_JOB = 10 * 1024 * 1024, 512
"""Most bytes of everything else, and as many more for each job: what is due for it, and the like."""

_PARTS = Decoder(dict[str, Raw])
_JOBS = Decoder(list[Raw])
_JOB = Decoder(JobRecord)
_WORLD = Decoder(WorldRecord)
_ENCODER = Encoder()
_NO_JOBS = Raw(b"[]")


def record_of(text: bytes | bytearray) -> Steps[WorldRecord]:
    """The record that `text` says. Raises SnapshotError, msgspec's errors."""
    parts = _PARTS.decode(text)
    jobs: list[Raw] = []
    if "jobs" in parts:
        jobs, parts["jobs"] = _JOBS.decode(parts["jobs"]), _NO_JOBS
    need(len(jobs) <= MOST_JOBS, f"it holds {len(jobs)} jobs, expected at most {MOST_JOBS}")
    yield
    rest = _ENCODER.encode(parts)
    most = REST_BYTES + REST_OF_A_JOB * len(jobs)
    need(len(rest) <= most, f"it holds {len(rest)} bytes beside its jobs, expected at most {most}")
    record = _WORLD.decode(rest)
    for job in jobs:
        yield
        need(len(job) <= JOB_BYTES, f"a job takes {len(job)} bytes, expected at most {JOB_BYTES}")
        record.jobs.append(_JOB.decode(job))
    return record
