"""Writes down what a run is about to make at a target, before it does, so that a crash leaves nothing behind that
cannot be found."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import JournalError
from conformance.traffic.exchange import Request


class MadeJobs:
    """A file of lines, each flushed at once: a submission to come, a job made, a job gone.

    Several threads may write: a line is written whole.
    """

    def __init__(
        self, file: Path, *, api: str, url: str, submit: tuple[str, str], hide: Callable[[str], str] = str
    ) -> None:
        """`hide` takes secrets out of a text."""
        self.file, self._hide = file, hide
        self._submit, self._lock = submit, threading.Lock()
        is_torn = file.exists() and file.stat().st_size > 0 and not file.read_bytes().endswith(b"\n")
        self._out = file.open("a", encoding="utf-8")
        if is_torn:
            self._out.write("\n")
        self._write({"run": {"api": api, "url": hide(url)}})

    def before(self, request: Request) -> None:
        """Note a submission before it is sent."""
        if self._is_submission(request):
            self._write({"submitting": self._hide((request.body or b"").decode("utf-8", "replace"))[:2000]})

    def made(self, job: str, tenant: str = "", credential: str = "good") -> None:
        """Note that a job exists, and whose it is in the target file's words."""
        self._write({"made": job, "tenant": tenant, "credential": credential})

    def answered(self, request: Request, status: int) -> None:
        """Note that a submission was answered, and what it made is written down."""
        if self._is_submission(request):
            self._write({"answered": status})

    def gone(self, job: str) -> None:
        """Note that a job was cleaned up."""
        self._write({"gone": job})

    def _is_submission(self, request: Request) -> bool:
        return (request.method, request.target.partition("?")[0].rstrip("/")) == self._submit

    def close(self) -> None:
        """End the file."""
        self._out.close()

    def _write(self, line: dict[str, object]) -> None:
        with self._lock:
            self._out.write(json.dumps(line) + "\n")
            self._out.flush()


@dataclass(frozen=True)
class MadeJob:
    """A job of a journal, with the tenant and the credential that made it."""

    id: str
    tenant: str = ""
    credential: str = "good"


def left_over(file: Path, *, api: str = "", url: str = "") -> list[MadeJob]:
    """The jobs of a journal that were made and not cleaned up.

    Raises JournalError for what is no journal, or one of another API or server than those given.
    """
    jobs: dict[str, MadeJob] = {}
    for line in _lines(file):
        run = line.get("run")
        if api and isinstance(run, dict) and (run.get("api"), run.get("url")) != (api, url):
            raise JournalError(
                f"{file} is the journal of {run.get('api')} at {run.get('url')}; expected one of {api} at {url}"
            )
        if "made" in line:
            id_ = str(line["made"])
            jobs[id_] = MadeJob(id_, str(line.get("tenant", "")), str(line.get("credential", "good")))
        if "gone" in line:
            jobs.pop(str(line["gone"]), None)
    return list(jobs.values())


def unanswered(file: Path) -> int:
    """How many submissions of a journal were sent and never answered, as far as it says.

    Each may have made a job whose id nobody knows.
    """
    lines = list(_lines(file))
    return max(0, sum("submitting" in one for one in lines) - sum("answered" in one for one in lines))


def _lines(file: Path) -> Iterator[dict[str, object]]:
    try:
        texts = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise JournalError(f"{file} is no journal: it is not text; expected a file that run --journal wrote") from None
    for number, text in enumerate(texts):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None  # the last line of a run that was killed while writing
        if not number and not (isinstance(line, dict) and isinstance(line.get("run"), dict)):
            raise JournalError(
                f"{file} is no journal: it does not begin with a run; expected a file that run --journal wrote"
            )
        if isinstance(line, dict):
            yield line
