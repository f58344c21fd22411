"""A report as JUnit has it: one suite per run, one case per requirement."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

_NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILED, _ERROR, _SKIPPED = (
    ("FAIL", "STALE-WAIVER"),
    ("ERROR",),
    ("SKIPPED", "NOT-APPLICABLE", "INCONCLUSIVE", "WAIVED", "CONFLICT"),
)


def text(canonical: dict[str, Any]) -> str:
    """The XML."""
    top = ElementTree.Element("testsuites")
    for run in canonical["runs"]:
        results = run["results"]
        name = _clean(f"{run['api']} at {run['target']}")
        facts = {"name": name, "tests": str(len(results)), "time": str(run["seconds"])}
        if run.get("began"):
            facts["timestamp"] = str(run["began"])
        for name, words in (("failures", _FAILED), ("errors", _ERROR), ("skipped", _SKIPPED)):
            facts[name] = str(sum(one["verdict"] in words for one in results))
        suite = ElementTree.SubElement(top, "testsuite", facts)
        for result in results:
            named = {
                "classname": _clean(f"{run['api']}.{result['id'].split('-')[1]}"),
                "name": _clean(f"{result['id']} {result['statement']}"),
            }
            case = ElementTree.SubElement(suite, "testcase", named)
            _outcome(case, result)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _outcome(case: ElementTree.Element, result: dict[str, Any]) -> None:
    word, reason = result["verdict"], _clean(result["reason"])
    if word in _FAILED or word in _ERROR:
        inner = ElementTree.SubElement(case, "failure" if word in _FAILED else "error", message=reason, type=word)
        lines = [
            f"source: {result['source']}",
            *(exchange["curl"] for one in result["violations"] for exchange in one["exchanges"]),
        ]
        inner.text = _clean("\n".join(lines))
    elif word in _SKIPPED:
        ElementTree.SubElement(case, "skipped", type=word, message=f"{word}: {reason}")
    elif word in ("WARN", "INFO"):
        ElementTree.SubElement(case, "system-out").text = f"{word}: {reason}"


def _clean(text_: str) -> str:
    """The text as XML can hold it: other characters are escaped as Python does."""
    return _NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text_)
