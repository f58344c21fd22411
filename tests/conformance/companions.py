"""Which MUSTs cannot be broken alone, since others say the same or more of the same thing: by requirement, what may
break with it, and why.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

VENDORS = ("BYT", "ION", "OYR", "RAI", "XIO")


def rows(*areas: str) -> tuple[str, ...]:
    """What the vendors' own catalogues say in some areas."""
    return tuple(f"{vendor}-{area}-*" for vendor in VENDORS for area in areas)


COMPANIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "JOB-REQ-00[12]": (rows("REQ"), "every member that is demanded or has a type has a row of its own that says so"),
    "JOB-CRT-001": (("JOB-CRT-004", *rows("REQ")), "what is accepted of a member is in its own row"),
    "JOB-CRT-003": (
        ("JOB-STM-*", "JOB-LST-009", *rows("STM")),
        "a job that is over at first either moves on or never runs, and both are no course of a job",
    ),
    "JOB-CRT-005": (rows("REQ", "RSP"), "what a submission said is looked up right after it was answered"),
    "JOB-RSP-001": (rows("RSP", "CRT"), "vendors' rows name the status of the answers that matter"),
    "JOB-RSP-002": (
        ("JOB-LST-003", "JOB-RSP-003", *rows("RSP", "LST")),
        "a value of another type is another value, for whoever looks at that member",
    ),
    "JOB-IDM-00[34]": (rows("RSP", "STM"), "a member that tells otherwise is seen by whoever compares this member"),
    "JOB-LST-00[12359]": (rows("LST", "STM", "RSP"), "vendors' rows say which jobs are listed when, and what of them"),
    "JOB-STM-00[2569]": (("JOB-STM-*", *rows("STM")), "vendors' rows follow the same jobs from state to state"),
    "JOB-STM-00[38]": (("JOB-STM-004", *rows("STM")), "a stopped job has ended, and what has ended stays"),
    "JOB-STM-00[14]": (rows("TIM"), "instants follow from states"),
    "JOB-STM-007": (rows("STM", "TIM"), "vendors' rows say for each state what a stop does"),
    "JOB-STM-010": (rows("STM"), "vendors' rows follow the same jobs from state to state"),
    "JOB-STM-01[23]": (rows("STM"), "vendors' rows say for each state what a stop does, and to whom"),
    "JOB-ERR-003": (rows("ERR", "STM"), "vendors' rows name the refusals of each call"),
    "JOB-LST-00[4-8]": (rows("LST"), "vendors' rows say what each parameter of a page does"),
    "JOB-ERR-01[0-3]": (rows("ERR", "STM"), "vendors' rows name the refusals of each call"),
    "JOB-IDM-001": (rows("CRT", "IDM", "TIM"), "two jobs of one id tell what neither of them was asked for"),
    "JOB-STM-001": (("JOB-RSP-002",), "a state that nobody lists is no word of the document either"),
    "JOB-STM-00[56]": (rows("LST"), "a job is listed under the state in which it is told"),
    "JOB-LST-010": (rows("LST"), "vendors' rows filter by each state there is"),
    "JOB-IDM-00[12]": (rows("STM"), "crowds of jobs that are counted miss the one that is lost"),
    "???-REQ-*": (("JOB-REQ-00[12]",), "what a row says of a member, every document's table says of its members"),
    "ION-CRT-*": (("ION-CRT-*", "ION-LST-010"), "what a submission said is compared wherever its job is shown"),
    "ION-DEF-*": (("ION-CRT-00[457]",), "what is told of jobs that said nothing is also told of all jobs"),
    "ION-IDM-001": (("ION-CRT-*", "ION-REQ-018"), "a member that changes is no longer what the submission said"),
    "ION-REQ-*": (
        ("ION-ERR-007", "ION-CRT-00[124]", "ION-REQ-025"),
        "what is let in against its rule is told as something else, or no longer listed as wrong",
    ),
    "ION-LST-*": (
        ("ION-LST-*", "ION-ISO-002", "ION-LST-016"),
        "a filter or a total that errs does so in every list that is asked for with it",
    ),
    "ION-ERR-007": (
        ("ION-ERR-*", "ION-REQ-*", "JOB-ERR-*", "JOB-REQ-*"),
        "every refusal of a broken submission has this status",
    ),
    "ION-STM-*": (
        ("ION-STM-*", "JOB-STM-*", "ION-LST-01[06]"),
        "whoever follows a job sees where it goes, and that it does not come back",
    ),
    "ION-TIM-*": (("ION-TIM-*",), "an instant that is wrong is wrong against all other instants of the job"),
    "JOB-AUT-002": (("JOB-AUT-001",), "whoever takes any key as good asks for none"),
    "JOB-ERR-001": (rows("ERR"), "vendors' rows look into the shape that this one gives"),
    "JOB-ISO-00[123]": (("JOB-ISO-*", *rows("ISO")), "vendors' rows try the same door in other ways"),
    "JOB-*": (
        ("OYR-RSP-010", "OYR-IDM-006", "OYR-IDM-022"),
        "exit codes, odd ids and ids that begin alike are tried with many jobs, each followed to its end",
    ),
    "XIO-LST-021": (
        ("XIO-LST-048", "XIO-IDM-002", "XIO-RTY-*"),
        "whoever counts the runs of a job asks for the list of runs filtered by it",
    ),
    "BYT-TMO-00[1278]": (
        ("BYT-TMO-*", "BYT-STM-023"),
        "a timeout that is not kept is not kept in time either, wherever it was given, and its job gives nothing back",
    ),
    "BYT-REQ-0[0-3]?": (
        ("BYT-REQ-03[4-7]", "BYT-REQ-04[234]", "BYT-RSP-024"),
        "rows with odder values of a member see what is wrong with plain ones, wherever it is shown",
    ),
    "BYT-TIM-*": (
        ("BYT-TIM-*", "BYT-RSP-024", "BYT-STM-028"),
        "an instant that is wrong is wrong against all other instants of the job, and one that moves is another",
    ),
    "BYT-AUT-006": (("BYT-AUT-010",), "a token that never ends does not end where there are several either"),
    "BYT-AUT-011": (("JOB-AUT-00[12]",), "the common rows try one of the doors that this one tries"),
    "BYT-CRT-002": (("JOB-STM-002", "JOB-CRT-003"), "a draft that is shown as started steps back when it is read"),
    "BYT-LST-00[1-4]": (("BYT-LST-019",), "a page beyond the last is a page too"),
    "BYT-LST-015": (("JOB-STM-00[24]", "BYT-TIM-*"), "a list that is behind shows a job in a state that it has left"),
    "BYT-RSP-0[01]?": (("BYT-RSP-*", "BYT-TIM-003"), "a number that is shown wrongly is compared wherever it is told"),
    "BYT-STM-001": (("BYT-STM-029", "BYT-TMO-010", "JOB-STM-004"), "whoever waits for a good end misses it"),
    "BYT-STM-00[23]": (
        ("BYT-STM-03?", "BYT-ERR-007", "BYT-REQ-043"),
        "whoever changes a draft in another way makes this change too",
    ),
    "BYT-STM-0[12][128]": (
        ("BYT-TIM-003", "BYT-STM-015"),
        "an instant that a late call moves is another, and a draft that stays is still known",
    ),
    "BYT-STM-027": (("BYT-STM-033",), "a late change that is made was not refused"),
    "JOB-AUT-00[123]": (rows("AUT"), "vendors' rows look closer at the same doors"),
    "JOB-CRT-002": (
        rows("CRT", "RSP"),
        "where the id is a name that the client may choose, whoever compares names misses it",
    ),
    "RAI-PRI-*": (("RAI-PRI-*",), "one contest decides who runs: what is taken from one job there another one gains"),
    "RAI-IDM-007": (("RAI-CRT-00[345]",), "what is told of a namesake is no longer what its own submission said"),
    "RAI-IDM-001": (
        ("JOB-LST-001", "JOB-STM-004", "RAI-RSP-010"),
        "two jobs of one id are one job for whoever follows ids",
    ),
    "RAI-RSP-001": (("RAI-CRT-001", "RAI-RSP-002"), "an empty name is neither the one that was asked for nor a label"),
    "RAI-TMO-009": (("RAI-TMO-012",), "what counts from the creation counts the preparation as well"),
    "XIO-REQ-01?": (("XIO-RSP-00?",), "an amount that is let in is told as another, since no node is less than empty"),
    "XIO-REQ-007": (("XIO-RSP-006",), "an amount that is let in is told as another, since no node is less than empty"),
    "XIO-RSP-00[1-9]": (
        ("XIO-REQ-*", "XIO-RSP-024", "XIO-CRT-003", "XIO-LST-027", "JOB-LST-003", "JOB-RSP-002"),
        "whoever compares what a submission said with what its job tells sees it",
    ),
    "XIO-RSP-03[03]": (
        ("JOB-RSP-002", "XIO-LST-02[01]"),
        "a run is found by the job that it names, and its shape is the document's",
    ),
    "XIO-DEF-00[25]": (("XIO-STM-001",), "a job that is taken to want a GPU gets no node that has none"),
    "XIO-DEF-012": (
        ("XIO-DEF-013", "XIO-TMO-00[17]"),
        "a job that is tried again does not end where its first run does",
    ),
    "XIO-IDM-001": (("JOB-IDM-001",), "two jobs that are one have one id"),
    "XIO-IDM-002": (
        ("XIO-IDM-003", "XIO-LST-02?", "XIO-RSP-03[02]"),
        "runs are found, counted and asked for by their ids",
    ),
    "XIO-LST-0[23]*": (
        ("XIO-LST-*",),
        "a page, a filter or an order that errs does so in every list that is asked for with it",
    ),
    "XIO-RTY-00[26]": (
        ("XIO-RTY-*", "XIO-STM-006", "XIO-TIM-016"),
        "whoever follows a job from run to run waits for its end and counts its runs",
    ),
    "XIO-STM-00[489]": (
        ("XIO-STM-00?", "XIO-TIM-005", "XIO-TMO-002", "XIO-IDM-004", "XIO-AUT-002", "JOB-STM-*"),
        "a stop that is refused, or does not last, is so for whoever stops a job to see something else",
    ),
    "XIO-STM-01[23]": (
        ("XIO-TMO-012", "XIO-STM-02?"),
        "what is not counted is taken by nobody, so nobody waits for it",
    ),
    "XIO-TIM-0*": (
        ("XIO-TIM-*", "XIO-LST-027", "XIO-STM-02[67]", "JOB-IDM-004", "JOB-LST-003"),
        "an instant that is wrong or moves is so against all other instants, and against itself",
    ),
    "XIO-TMO-0*": (
        ("XIO-TMO-*", "XIO-STM-008", "XIO-STM-026", "JOB-STM-004"),
        "a job that is not ended in time, or too soon, is so for whoever waits for another limit",
    ),
    "XIO-*": (
        ("XIO-AUT-006",),
        "a fault that changes a body on its way leaves it with a signature that no longer fits",
    ),
}
"""By glob of a requirement: globs of those that may break with it, and the reason."""


def companions_of(requirement: str) -> tuple[str, ...]:
    """Globs of what may break with a requirement."""
    return tuple(glob for name, (globs, _) in COMPANIONS.items() if fnmatchcase(requirement, name) for glob in globs)
