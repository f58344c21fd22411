"""Explains one requirement: what it says, who says so, what is sent, what passes, what fails, what it needs."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType
from typing import Any

import specs
from conformance.catalogue import Catalogue, Requirement
from conformance.checks import Check, all_checks
from conformance.target.cures import cure
from conformance.traffic.json_pointer import shown

_RULES = {
    "view": "every answer that shows a job",
    "ordered": "the instants of a job, in every answer that shows it",
    "span": "a span of time, in every answer that shows a job",
    "constant": "what must not change between two answers about the same job",
    "echo": "what a job was submitted with, in every answer that shows it",
    "answer": "every answer of an operation",
    "step": "every change of state between two answers about the same job",
}
_ENDINGS = {
    "expect": "",
    "same": " is another than expected",
    "accepted": " is not accepted",
    "refused": " is not refused",
}
"""What follows the words that a check gives to each function, in what the function says when it fails."""

_OURS = "conformance.checks."
_DEPTH = 3


def explained(catalogue: Catalogue, id_: str) -> list[tuple[str, list[str]]]:
    """Headings with lines about a requirement of an API. Raises KeyError."""
    requirement = catalogue.requirements[id_]
    checks = list(all_checks(catalogue.api).get(id_, ()))
    parts = [
        (f"{requirement.id} {requirement.level}", [requirement.statement]),
        ("Source", [f"{requirement.source} ({requirement.basis})", *_conflict(requirement)]),
        ("What is sent", [*_sent(requirement, checks)]),
        ("What passes", [*_passes(requirement, checks)]),
        ("What fails", [*_fails(requirement, checks)]),
        ("What it needs of the target", [*_needs(catalogue.api, requirement)]),
        ("Where it is judged", [requirement.check_file] if checks else []),
        ("Judge it alone", [f"conformance run {catalogue.api} --url URL --only {id_}"]),
    ]
    return [(heading, lines) for heading, lines in parts if lines]


def _conflict(requirement: Requirement) -> Iterator[str]:
    if requirement.conflicts:
        yield f"the vendor's pages contradict each other: {requirement.conflicts}"


def _sent(requirement: Requirement, checks: list[Check]) -> Iterator[str]:
    if requirement.not_tested:
        yield f"nothing; it is not tested: {requirement.not_tested['detail']}"
        return
    effects, probe = requirement.effects, requirement.probe
    if probe is not None:
        where = f"{probe.get('in', 'body')} {probe['pointer']} of {probe.get('operation', 'a submission')}"
        yield f"valid requests that differ in {where} alone"
    for check in checks:
        yield check.name
    if effects:
        seconds = f", waiting for about {effects['seconds']:g} seconds of its clock" if effects.get("seconds") else ""
        count = effects.get("creates", 0)
        yield f"{'1 job is' if count == 1 else f'about {count} jobs are'} made{seconds}"
    if not checks and probe is None:
        yield "nothing of its own: the answers to what the other requirements send are looked at"


def _passes(requirement: Requirement, checks: list[Check]) -> Iterator[str]:
    probe = requirement.probe or {}
    if probe.get("accepts"):
        yield f"accepted: {', '.join(map(shown, probe['accepts']))}"
    if probe.get("refuses"):
        answers = ", ".join(map(str, probe.get("refused_with", ()))) or "an error of 4xx"
        yield f"refused with {answers}: {', '.join(map(shown, probe['refuses']))}"
    if probe.get("required"):
        yield "refused: a request without it"
    if "default" in probe:
        yield f"shown as {shown(probe['default'])} where it was left out"
    for name, rule in requirement.rules.items():
        yield f"{_RULES[name]}: {shown(rule)}"
    if checks or not (probe or requirement.rules or requirement.not_tested):
        yield requirement.statement


def _fails(requirement: Requirement, checks: list[Check]) -> Iterator[str]:
    yielded: set[str] = set()
    for check in checks:
        for message in _messages(check):
            if message not in yielded:
                yielded.add(message)
                yield message
    if requirement.probe is not None:
        yield "a value that is accepted above and refused here, or the other way round"
    if requirement.rules or not (checks or requirement.probe or requirement.not_tested):
        yield "any such answer that shows something else"


def _needs(api: str, requirement: Requirement) -> Iterator[str]:
    lifecycle = specs.load(api).lifecycle
    roles = lifecycle.roles if lifecycle else {}
    for need in requirement.needs:
        if need not in ("submit", "read", "makes-quick"):
            yield f"{need}: {cure(need, roles)}"
    if requirement.alone:
        yield f"the target to itself, for {', '.join(requirement.alone)}"


def _messages(check: Check) -> Iterator[str]:
    """What the check says when it fails, as its source words it; `…` stands for values."""
    function = inspect.getclosurevars(check.function).nonlocals.get("function", check.function)
    yield from _messages_of(function, _DEPTH)


def _messages_of(function: Callable[..., Any], depth: int) -> Iterator[str]:
    if not isinstance(function, FunctionType) or depth == 0:
        return
    for call in _calls(function):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in _ENDINGS:
            words = [_words(argument) for argument in call.args[1:]]
            yield from (word + _ENDINGS[name] for word in words[:2] if word)
        called = function.__globals__.get(name)
        if isinstance(called, FunctionType) and called.__module__.startswith(_OURS):
            yield from _messages_of(called, depth - 1)


@cache
def _calls(function: FunctionType) -> tuple[ast.Call, ...]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _words(node: ast.expr) -> str:
    """A message as it is written in the source; nothing for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values]
        return "".join(parts)
    return ""
