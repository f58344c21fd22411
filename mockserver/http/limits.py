"""All limits of the HTTP server; `docs/serve.md` lists them for users.

Limits of the reserved keys of a job are in `mockserver/adapters/steering.py`, of ByteNite's tokens and compute.x.io's
signatures in `mockserver/adapters/*/credentials.py`, of ByteNite's `templateId` in `mockserver/adapters/bytenite/`, of
snapshots in `mockserver/simulation/snapshot/`, of scenarios in `mockserver/simulation/scenario/`; how the bytes of jobs
are counted is in `mockserver/simulation/job_limits.py`.
"""

BODY_BYTES = 8 * 1024 * 1024
"""Most bytes of a request body, counted after decompression; a larger one is refused as too large."""

GZIP_MEMBERS = 100
"""Most members of a compressed request body; more are refused."""

BODY_DEPTH = 100
"""Deepest nesting of arrays and objects in a request body; a deeper one is refused as malformed."""

UPLOAD_BYTES = 1024 * 1024 * 1024
"""Most bytes of one uploaded file. The bytes are counted and discarded; a larger file is refused as too large."""

BODY_VALUES = 400_000
"""Most values in a JSON body: items of arrays and members of objects, which count twice, at any depth; more are refused
as too large."""

INTEGER_DIGITS = 300
"""Integers in a request body are exact up to this many digits; longer ones are refused as malformed."""

INTEGER_LOW, INTEGER_HIGH = -(2**63), 2**64 - 1
"""Smallest and largest integer of a parameter; others are refused."""

VIOLATIONS = 50
"""Most violations that one refusal reports."""

EXCERPT_MEMBERS, EXCERPT_VALUES = 50, 2000
"""If a value holds more values than the second number, only an excerpt is searched for violations: the first members
of each array and object, up to the first number each and to the second number in all."""

EXCERPT_TEXT = 100_000
"""Violations are searched in so many characters of a text first, since each is found with a copy of what is wrong."""

MESSAGE_LENGTH = 400
"""Longest message of one violation, in characters; a longer one is cut."""

REFUSAL_BYTES = 64 * 1024
"""Most bytes of a refusal's body: long texts are cut in the middle, and fewer violations are reported."""

REFUSAL_TEXT = 8192
"""Longest text in a refusal, in characters; a longer one is cut in the middle."""

POINTER_KEY = 100
"""Longest key, in characters, in the place of a violation; a longer one is cut in the middle."""

SANDBOXES = 2000
"""Most sandboxes at a time."""

SANDBOX_IDLE_SECONDS = 60.0
"""A sandbox that no request named for this long (real time) may be replaced by a new one."""

SANDBOX_JOBS = 1_000_000
"""Most jobs in all sandboxes together; beyond it a new sandbox needs an idle one to replace. A job takes about 2 KB."""

CALLBACK_SECONDS = 5.0
"""Longest time (real time) that a callback's receiver may take to answer."""

CALLBACK_REDIRECTS = 3
"""Most redirects that a callback follows."""

CALLBACKS_PENDING = 1000
"""Most pending callbacks of a sandbox; beyond it the oldest are discarded."""

CALLBACKS_RECORDED = 1000
"""Most delivery attempts that a sandbox remembers; the latest are kept."""

BACKGROUND_SECONDS = 30.0
"""Longest interval (real time) between two looks at a sandbox with a pending callback."""

FIRED_LISTED = 200
"""Most transitions that one answer of the clock lists; all are counted."""

MOST_SPAN_SECONDS = 31_536_000.0
"""Longest span by which one request may move the clock."""

SLICE_STEPS = 200
"""Most steps of the scheduler between two requests, while the clock is moved and in a world that follows real time,
so that no request waits long."""

SLICE_SECONDS = 0.02
"""About how long (real time) a snapshot, a restore or a fork of many jobs works between two requests."""

BACKGROUND_LATENESS = 0.25
"""Longest interval (real seconds) between two looks at a world that follows real time, while anything is due there."""

STREAM_POLL_SECONDS = 0.1
"""Longest interval (real time) between two looks of an open stream at the clock."""

WAIT_POLL_SECONDS = (0.005, 0.05)
"""Shortest and longest interval (real time) between two looks for an answer that is not known yet."""

STOP_SECONDS = 0.5
"""Longest wait (real time) for open connections at shutdown; then they are closed."""

KEEP_ALIVE_SECONDS = 75
"""Longest time (real time) that an idle connection stays open."""

PATTERN_LENGTH = 500
"""Longest regular expression, path pattern or JSONPath expression of a rule or a fault, in characters."""

PATTERN_BYTES = 1_000_000
"""Most memory of one compiled regular expression; a larger one is refused."""

PATTERN_FILTERS = 5
"""Most filters in one JSONPath expression."""

PATTERN_CHOICES = 100
"""Most combinations of the bracketed selectors of one JSONPath expression."""

SEARCHED_LENGTH = 65_536
"""Most characters of a text that a regular expression searches."""

SEARCHED_VALUES = 50_000
"""Most values of a body that a JSONPath expression with `*`, `..`, slices or filters searches; in a larger body it
matches nothing."""

CONDITIONS = 20
"""Most header fields and JSONPath expressions of one rule or fault."""

SEARCHED_COST, VALUE_COST = 4_000_000, 50
"""Characters that the rules search of one request, in all; a value that an expression may look at counts as the second
number. A condition beyond that is not met."""

HEAD_SECONDS = 30.0
"""Longest time (real time) that the head of a request may take, from the connection or from its first byte."""

HEAD_BYTES = 64 * 1024
"""Most bytes of a request's head, including the fields after a chunked body; more: 431, a longer URL: 414."""

HEAD_FIELDS = 200
"""Most header fields of a request, including those after a chunked body; more are refused (431)."""

BODY_PAUSE_SECONDS = 30.0
"""Longest pause (real time) of a client within a body."""

CONNECTIONS = 10_000
"""Most connections at a time, unless the system's limit of file descriptors is lower."""

DESCRIPTORS_SPARED = 64
"""File descriptors that connections leave for everything else."""

LOG_LINES, LOG_SECONDS = 10, 10.0
"""Most log lines about refused connections in this many seconds (real time); the rest are counted."""

BREACHES_KEPT = 50
"""Most requests of a sandbox that broke their document of which a summary is kept until they are cleared; all are
counted."""

BREACH_VIOLATIONS, BREACH_PATH_LENGTH = 5, 300
"""Most reasons, and longest path, in such a summary."""

KEPT_BYTES = 1024 * 1024 * 1024
"""Most bytes of client data in the jobs of all sandboxes together, estimated from its text; a request counts if it has
more than 1 KiB. `serve --most-mib` sets another limit. Beyond it a request is refused as if there were no room."""

KEPT_PART = 4
"""One sandbox holds at most this fraction (one quarter) of it."""

GONE_BYTES, GONE_WORLD_BYTES = 8 * 1024 * 1024, 64 * 1024
"""Once worlds with so many bytes were replaced or deleted, their memory is given back at once; an empty one counts as
the second number."""

TRIM_BYTES = 8 * 1024 * 1024
"""Once the process has grown by so much, what is free in its heap goes back to the system, at most once a second."""

JOURNAL_EXCHANGES, JOURNAL_BYTES, JOURNAL_BODY_BYTES = 1000, 4 * 1024 * 1024, 64 * 1024
"""Most exchanges and bytes in a sandbox's journal, and most bytes of one body in it."""

SHOWN_BYTES, SHOWN_BEGINNING_BYTES = 512 * 1024, 1024
"""A list of exchanges shows bodies of so many bytes whole, from the newest on, and so much of each older one."""

JOURNALS_BYTES = 256 * 1024 * 1024
"""Most bytes of all journals together; beyond it the journals of the sandboxes that were idle longest are cut first."""

NOTES_REMEMBERED = 1000
"""Most notes (deliveries and the like) of a sandbox that a stream of events can still read; the latest are kept."""

RETRY_SECONDS = 60
"""Value of `Retry-After` if there is no room (real time)."""

RULES, FAULTS = 200, 100
"""Most rules and most faults of a sandbox."""

RULE_BYTES = 256 * 1024
"""Most bytes of one rule or fault. They count in `KEPT_BYTES`."""

PATTERN_KEPT_BYTES = 32 * 1024
"""About how many bytes a condition of a rule or a fault takes; it is counted so in `KEPT_BYTES`."""

FAULT_SECONDS, MOST_FAULT_SECONDS = 60.0, 3600.0
"""Default and longest life of a fault (real time)."""

FAULT_DELAY_SECONDS = 60.0
"""Longest delay (real seconds) that faults add to an answer."""

WAIT_SECONDS = 60.0
"""Longest `Prefer: wait` (real time)."""

VIOLATIONS_HEADER_BYTES, VALUE_LENGTH = 4096, 160
"""Most bytes of `X-Mock-Violations`, and most characters of a value in it."""
