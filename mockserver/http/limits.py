"""Every limit of the wire in one place; `docs/` states them to users.

Those of what a job may be told to do are in `mockserver/adapters/steering.py`, of ByteNite's tokens in
`mockserver/adapters/bytenite/credentials.py`, of snapshots in `mockserver/simulation/snapshot/`, of scenarios in
`mockserver/simulation/scenario/`; how the bytes of jobs are counted is in `mockserver/simulation/job_limits.py`.
"""

BODY_BYTES = 8 * 1024 * 1024
"""Most bytes of a request body, counted after decompression; more is refused as too large."""

GZIP_MEMBERS = 100
"""Most members of a compressed request body; more is refused as malformed."""

BODY_DEPTH = 100
"""Deepest nesting of arrays and objects in a request body; deeper is refused as malformed."""

UPLOAD_BYTES = 1024 * 1024 * 1024
"""Most bytes of one uploaded file; they are counted as they come in and not kept. More is refused as too large."""

BODY_VALUES = 250_000
"""Most values in a JSON body: members of objects and items of lists, at any depth; more is refused as too large."""

INTEGER_DIGITS = 300
"""Whole numbers of a request body are exact up to so many digits; longer ones are refused as malformed."""

INTEGER_LOW, INTEGER_HIGH = -(2**63), 2**64 - 1
"""Whole numbers among the parameters; beyond them they are refused."""

VIOLATIONS = 50
"""Most violations that one refusal reports."""

EXCERPT_MEMBERS, EXCERPT_VALUES = 50, 2000
"""A value with more values in it than the second is searched for violations in an excerpt: of each list and object the first
so many members, and no more values in all."""

MESSAGE_LENGTH = 400
"""Longest message of one violation; what is longer is cut."""

SANDBOXES = 2000
"""Most sandboxes at a time."""

SANDBOX_IDLE_SECONDS = 60.0
"""A sandbox that was not asked for so long (real time) may make room for a new one."""

SANDBOX_JOBS = 1_000_000
"""Most jobs in all sandboxes together before a new sandbox must wait for an idle one to go; a job takes about 2 KB."""

CALLBACK_SECONDS = 5.0
"""How long (real time) a callback's receiver may take to answer."""

CALLBACK_REDIRECTS = 3
"""Most redirects that a callback follows."""

CALLBACKS_PENDING = 1000
"""Most callbacks of a sandbox that wait to be delivered; the oldest make room."""

CALLBACKS_RECORDED = 1000
"""How many of a sandbox's latest delivery attempts are remembered."""

COURIER_SECONDS = 30.0
"""Longest wait (real time) until a sandbox whose client waits for a callback is looked at again."""

FIRED_LISTED = 200
"""Most transitions that one answer of the clock lists; all are counted."""

MOST_SPAN_SECONDS = 31_536_000.0
"""Furthest that the clock is moved by one request."""

SLICE_STEPS = 200
"""Most steps of the scheduler between two requests, while the clock is moved and in a world that follows real time, so that no request waits long for it."""

COURIER_LATENESS = 0.25
"""Longest time (real seconds) until a world that follows real time is looked at while anything is due there."""

STREAM_POLL_SECONDS = 0.1
"""Longest wait (real time) until an open stream looks again whether time has moved."""

WAIT_POLL_SECONDS = (0.005, 0.05)
"""Shortest and longest wait (real time) until an answer that is not known yet is asked for again."""

STOP_SECONDS = 0.5
"""How long (real time) open connections are waited for at shutdown before they are cut."""

KEEP_ALIVE_SECONDS = 75
"""How long (real time) an idle connection is kept."""

PATTERN_LENGTH = 500
"""Longest regular expression, path pattern or JSONPath expression of a rule or a fault, in characters."""

PATTERN_BYTES = 1_000_000
"""Most memory that one regular expression takes when compiled; a larger one is refused."""

PATTERN_FILTERS = 5
"""Most filters in one JSONPath expression."""

PATTERN_CHOICES = 100
"""Most combinations of the selectors in brackets of one JSONPath expression."""

SEARCHED_LENGTH = 65_536
"""How many characters of a text a regular expression looks at."""

SEARCHED_VALUES = 50_000
"""Most values of a body that a JSONPath expression with `*`, `..`, slices or filters looks through; in a larger body it finds nothing."""

HEAD_SECONDS = 30.0
"""How long (real time) the head of a request may take, from the connection or from its first byte."""

HEAD_BYTES = 64 * 1024
"""Most bytes of a request's head, with the fields behind a chunked body; more is refused (431, a longer URL: 414)."""

HEAD_FIELDS = 200
"""Most header fields of a request, with those behind a chunked body; more is refused (431)."""

BODY_PAUSE_SECONDS = 30.0
"""How long (real time) a client may pause within a body."""

CONNECTIONS = 10_000
"""Most connections at a time, where the system's limit of file descriptors is not lower."""

DESCRIPTORS_SPARED = 64
"""File descriptors that connections leave for everything else."""

LOG_LINES, LOG_SECONDS = 10, 10.0
"""Most lines that are logged in so many seconds (real time) about clients that were turned away; the rest are counted."""

BREACHES_KEPT = 50
"""How many of a sandbox's first requests that broke their document are kept in short until they are cleared; all are counted."""

BREACH_VIOLATIONS, BREACH_PATH_LENGTH = 5, 300
"""Most reasons, and longest path, of each of them."""

KEPT_BYTES = 1024 * 1024 * 1024
"""Most bytes that what clients sent takes in the jobs of all sandboxes together, estimated from its text, as far as a request brought
more than 1 KiB; `serve --most-mib` sets another. More is refused as if there were no room."""

KEPT_PART = 4
"""One sandbox keeps at most the so manyth part of that."""

JOURNAL_EXCHANGES, JOURNAL_BYTES, JOURNAL_BODY_BYTES = 1000, 4 * 1024 * 1024, 64 * 1024
"""Most exchanges and bytes that a sandbox's journal remembers, and most of one body."""

JOURNALS_BYTES = 256 * 1024 * 1024
"""Most bytes of all journals together; those of the sandboxes that were not asked for longest are cut first."""

NOTES_REMEMBERED = 1000
"""How many of a sandbox's latest deliveries and the like streams of events can still read."""

RETRY_SECONDS = 60
"""What `Retry-After` says where there is no room (real time)."""

RULES, FAULTS = 200, 100
"""Most rules and most faults of a sandbox."""

RULE_BYTES = 256 * 1024
"""Most bytes of one rule."""

FAULT_SECONDS, MOST_FAULT_SECONDS = 60.0, 3600.0
"""How long (real time) a fault lives unless it says so, and at most."""

FAULT_DELAY_SECONDS = 60.0
"""Longest time (real seconds) that faults delay or stretch an answer."""

WAIT_SECONDS = 60.0
"""Longest `Prefer: wait` (real time)."""

VIOLATIONS_HEADER_BYTES, VALUE_LENGTH = 4096, 160
"""Longest `X-Mock-Violations`, and most characters of a value in it."""
