"""Every error of the judge.

    JudgeError
    ├── UsageError            what the user gave cannot be used
    │   ├── CatalogueError    a catalogue file
    │   ├── SettingsError     a target file, or a secret that it names
    │   ├── WaiverError       a file of waivers
    │   ├── HarError          a HAR file
    │   ├── JournalError      a journal of made jobs
    │   └── NothingRecorded   a report without the failure that is asked for
    ├── SafetyStop            a limit of the run is reached
    ├── TransportError        no answer came
    ├── Unready               the target cannot be judged at all
    │   └── Unfit             because a requirement is broken that everything stands on
    ├── Inconclusive          a check cannot say anything
    │   ├── OutOfPatience     it would have to wait for longer than the user does
    │   └── NotJudged         what it stands on is broken
    ├── NotApplicable         a promise does not concern the target
    └── Failure               a promise is broken (`conformance.session.expect`, with the exchanges that show it)

The command line catches JudgeError in one place; `exit_code` says how it ends.
"""

from __future__ import annotations

from typing import Literal

Trouble = Literal["refused", "hung", "broken", "unsent"]


class JudgeError(Exception):
    """Anything that the judge raises by itself; the message is a sentence."""


class UsageError(JudgeError, ValueError):
    """What the user gave cannot be used."""


class CatalogueError(UsageError):
    """A catalogue file breaks its schema or itself; the message names the file and the entry."""


class SettingsError(UsageError):
    """A target file cannot be used; the message names the file and what was expected."""


class WaiverError(UsageError):
    """A file of waivers cannot be used; the message says which and why."""


class HarError(UsageError):
    """A file is no HAR."""


class JournalError(UsageError):
    """A file is no journal of made jobs, or one of another target."""


class NothingRecorded(UsageError):
    """The report holds no failure of that requirement."""


class SafetyStop(JudgeError):
    """A limit of the run was reached; the message says which."""


class TransportError(JudgeError):
    """No answer came.

    Nobody listens (`refused`), none came in time (`hung`), the connection broke (`broken`), or the request cannot be
    sent (`unsent`).
    """

    def __init__(self, kind: Trouble, message: str) -> None:
        super().__init__(message)
        self.kind: Trouble = kind


class Unready(JudgeError):
    """The target cannot be judged; the message says why in one sentence."""


class Inconclusive(JudgeError):
    """Nothing can be said, since what the check needs did not come about."""


class OutOfPatience(Inconclusive):
    """What the check needs would take longer than the user waits for, whatever the target does."""


class NotJudged(Inconclusive):
    """What every check of this kind stands on is broken; the message names the requirement that says so."""


class NotApplicable(JudgeError):
    """The promise does not concern this target; the message is the evidence."""
