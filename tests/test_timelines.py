"""Golden timelines: what was asked when, and which states a polling client saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import yaml

import specs
from mockserver.simulation.scenario.scenario import Scenario
from tests.conftest import Bench

FOLDER = Path(__file__).parent / "timelines"
INPUTS = sorted(FOLDER.glob("*/*.input.yaml"))
POLL_SECONDS = 0.5


def at(value: Any, pointer: str) -> Any:
    """What a JSON pointer names in a value."""
    for key in pointer.split("/")[1:]:
        value = value[int(key) if isinstance(value, list) else key.replace("~1", "/").replace("~0", "~")]
    return value


def filled(value: Any, ids: dict[str, str]) -> Any:
    """A body in which each text `{name}` is the id of the job of that name."""
    if isinstance(value, dict):
        return {key: filled(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return ids.get(value[1:-1], value) if isinstance(value, str) and value.startswith("{") else value


class Player:
    """Plays one input against a world of its own and notes what a client sees."""

    def __init__(self, api: str, story: dict[str, Any], bench: Bench) -> None:
        self.spec, self.story, self.bench = specs.load(api), story, bench
        assert self.spec.lifecycle is not None
        self.roles = self.spec.lifecycle.roles
        self.ids: dict[str, str] = {}
        self.answers: list[dict[str, Any]] = []
        self.states: dict[str, list[list[Any]]] = {}

    def play(self) -> dict[str, Any]:
        steps, now = list(self.story["steps"]), 0.0
        while now <= self.story["until"]:
            while steps and steps[0]["at"] <= now:
                self.send(steps.pop(0))
            for name in self.ids:
                self.look(name, now)
            self.bench.advance(POLL_SECONDS)
            now += POLL_SECONDS
        return {"answers": self.answers, "states": self.states}

    def send(self, step: dict[str, Any]) -> None:
        asked = step["request"]
        path = self.spec.base_path + asked["path"].format_map(
            {name: quote(job, safe="") for name, job in self.ids.items()}
        )
        headers = self.story.get("headers", {}) | asked.get("headers", {})
        body = {"json": filled(asked["body"], self.ids)} if "body" in asked else {}
        answer = self.bench.request(asked["method"], path, headers=headers, **body)
        self.answers.append({"at": step["at"], "status": answer.status_code})
        if "name" in step:
            self.ids[step["name"]] = at(answer.json(), self.roles["submit"].id or "")

    def look(self, name: str, now: float) -> None:
        state = self.read(self.ids[name])
        seen = self.states.setdefault(name, [])
        if not seen or seen[-1][1] != state:
            seen.append([now, state])

    def read(self, job: str) -> str:
        role = self.roles.get("read", self.roles["list"])
        operation = self.spec.operations[role.operation]
        parameter = role.parameter or next((one["name"] for one in operation.parameters if one["in"] == "path"), "")
        path = self.spec.base_path + operation.path.replace(f"{{{parameter}}}", quote(job, safe=""))
        answer = self.bench.request(
            operation.method.upper(), path, headers=self.story.get("headers", {}), params=self.story.get("query", {})
        )
        if answer.status_code != 200:
            return f"answers {answer.status_code}"
        if role.items is None:
            return str(at(answer.json(), role.status or ""))
        found = [item for item in at(answer.json(), role.items) if at(item, role.id or "") == job]
        return str(at(found[0], role.status or "")) if found else "not listed"


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name.removesuffix('.input.yaml')}")
def test_what_happens_is_what_happened_before(
    path: Path, bench_of: Callable[..., Bench], request: pytest.FixtureRequest
) -> None:
    story = yaml.safe_load(path.read_text(encoding="utf-8"))
    scenario = story.get("scenario", "default")
    chosen = scenario if isinstance(scenario, str) else msgspec.convert(scenario, Scenario)
    output = path.with_name(path.name.replace(".input.", ".output."))

    seen = Player(path.parent.name, story, bench_of(scenario=chosen)).play()

    if request.config.getoption("--update-timelines"):
        output.write_text(yaml.safe_dump(seen, sort_keys=False, default_flow_style=None, width=140), encoding="utf-8")
    assert seen == yaml.safe_load(output.read_text(encoding="utf-8"))


def test_every_api_has_a_timeline() -> None:
    assert {path.parent.name for path in INPUTS} == set(specs.names())
