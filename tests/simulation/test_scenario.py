"""Scenario files: what is read, and how everything wrong is told with file, line and expectation."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import yaml

from mockserver.simulation.errors import ScenarioError
from mockserver.simulation.request import Limits
from mockserver.simulation.scenario import scenario as scenarios
from mockserver.simulation.scenario.file import ScenarioText, schema
from mockserver.simulation.scenario.scenario import (
    ApiWorkload,
    Distribution,
    Gpu,
    JobKind,
    NodeClass,
    NodeFailures,
    Project,
    Scenario,
    parse,
)
from mockserver.simulation.snapshot import freeze, thaw
from specs import strict_yaml
from tests.simulation.worlds import LIFECYCLES, SMALL, after, ask, path, world

NODES = "nodes: [{class: a, cpu: 1, memory_gib: 1}]\n"


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as told:
        parse(text, "here.yaml")
    return str(told.value)


@pytest.mark.parametrize("name", scenarios.names())
def test_the_shipped_scenarios_are_sound_and_bear_their_file_names(name: str) -> None:
    scenario = scenarios.load(name)

    assert scenario.name == name
    assert scenarios.text_of(name).startswith("# ")
    assert msgspec.json.decode(msgspec.json.encode(scenario), type=Scenario) == scenario


def test_all_promised_scenarios_are_shipped() -> None:
    assert {"default", "tiny", "busy", "flaky", "gpu-shortage", "quota-walkthrough", "philly-like"} <= set(
        scenarios.names()
    )


@pytest.mark.parametrize(
    ("definition", "struct"),
    [
        (None, Scenario),
        ("node_class", NodeClass),
        ("project", Project),
        ("job_kind", JobKind),
        ("api", ApiWorkload),
        ("part", Distribution),
    ],
)
def test_the_schema_knows_the_fields_that_the_reader_knows(
    definition: str | None, struct: type[msgspec.Struct]
) -> None:
    told = schema() if definition is None else schema()["$defs"][definition]

    assert set(told["properties"]) == set(struct.__struct_encode_fields__)


def test_the_schema_knows_the_parts_that_the_reader_knows() -> None:
    definitions = schema()["$defs"]

    assert set(definitions["node_class"]["properties"]["gpu"]["properties"]) == set(Gpu.__struct_encode_fields__)
    assert set(schema()["properties"]["node_failures"]["properties"]) == set(NodeFailures.__struct_encode_fields__)
    assert set(definitions["limits"]["properties"]) == set(Limits.__slots__)
    assert set(definitions["distribution"]["properties"]) | {"weight"} == set(Distribution.__struct_encode_fields__)


def test_every_part_of_the_schema_says_what_is_expected() -> None:
    def parts(node: object) -> list[dict[str, object]]:
        if isinstance(node, list):
            return [part for one in node for part in parts(one)]
        if not isinstance(node, dict):
            return []
        below = [part for one in node.values() for part in parts(one)]
        return [node, *below] if "type" in node and isinstance(node["type"], str | list) else below

    assert all(isinstance(part.get("description"), str) for part in parts(schema()))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nodes: []", "line 1: nodes: expected at least one node class under `nodes`, got []"),
        (
            "name: x\nnodes:\n  - class: a\n    cpu: many\n    memory_gib: 1",
            'line 4: nodes[0].cpu: expected cores, a number of at least 0, got "many"',
        ),
        (NODES + "colour: red", "line 2: colour: unknown field `colour`; expected one of name, seed"),
        ("nodes: [{class: a, cpu: -1, memory_gib: 1}]", "line 1: nodes[0].cpu: expected cores"),
        (NODES + "run: {uniform: [5, 1]}", "line 2: run: expected seconds of at least 0, the lower first"),
        (
            NODES + "run:\n  fixed: 1\n  uniform: [1, 2]",
            "line 2: run: expected a distribution: exactly one of fixed, uniform",
        ),
        (NODES + "startup: {}", "line 2: startup: expected a distribution: exactly one of fixed"),
        (NODES + "failure_rate: 2", "line 2: failure_rate: expected failure_rate, a share from 0 to 1, got 2"),
        (NODES + "switches: [x]", "line 2: switches: unknown switch 'x'; expected one of ionworks"),
        (NODES + "run: {fixed: 1:30}", 'line 2: run.fixed: expected seconds, a number from 0 to 1e9, got "1:30"'),
        (NODES + "run: {fixed: .inf}", 'line 2: run.fixed: expected seconds, a number from 0 to 1e9, got ".inf"'),
        (NODES + "run: {fixed: 1e400}", 'line 2: run.fixed: expected seconds, a number from 0 to 1e9, got "1e400"'),
        (
            NODES + "queue: lottery",
            'line 2: queue: expected greedy, fifo, priority, backfill or conservative, got "lottery"',
        ),
        (
            NODES + "pace: fast",
            'line 2: pace: expected real, manual, auto, step, or x followed by a factor, such as x100, got "fast"',
        ),
        (NODES + "start: 2026-01-01", "line 2: start: expected an instant with its offset from UTC"),
        (NODES + "start: 2026-02-31T00:00:00Z", "expected `start` as an instant"),
        (NODES + "limits: {run: -1}", "line 2: limits.run: expected seconds, a number from 0 to 1e9, got -1"),
        (
            NODES + "apis: {nobody: {}}",
            "expected `apis` to name bytenite, ionworks, openyuanrong, runai, xio, got 'nobody'",
        ),
        (NODES + "apis:\n  xio:\n    run: 5", "line 4: apis.xio.run: expected a distribution"),
        (
            NODES + "projects:\n - {name: p}\n - {deserved_gpus: 1}",
            "line 4: projects[1]: `name` is missing; expected the name of a project",
        ),
        (
            NODES + "projects: [{name: p}, {name: p}]",
            "line 2: projects[1].name: expected each project once, got p again",
        ),
        (NODES + "node_failures: {repair_s: {fixed: 1}}", "`mean_time_between_s` is missing; expected a distribution"),
        (
            NODES + "run:\n  mixture:\n  - {weight: 0, fixed: 1}",
            "line 4: run.mixture[0].weight: expected a weight above 0, got 0",
        ),
        (NODES + "run:\n  mixture:\n  - {fixed: 1}", "line 4: run.mixture[0]: `weight` is missing"),
        (
            NODES + "run:\n  quantiles: [[50, 1], [40, 2]]",
            "line 2: run: expected `quantiles` as [percent, seconds], both rising",
        ),
        (NODES + "run: {quantiles: [[50, 2], [60, 1]]}", "both rising"),
        (NODES + "run: {quantiles: [[50, 2], [160, 3]]}", "expected percents from 0 to 100"),
        (NODES + "run: {trace: []}", "run.trace: expected a list of seconds, or {file: NAME, column: NAME}, got []"),
        (
            "nodes:\n- {class: a, cpu: 1, memory_gib: 1}\n- {class: a, cpu: 1, memory_gib: 1}",
            "line 3: nodes[1].class: expected each node class once, got a again",
        ),
        ("nodes: [{class: a, cpu: .nan, memory_gib: 1}]", "nodes[0].cpu: expected cores"),
        (
            "nodes: [{class: a, cpu: 1, memory_gib: 1, labels: {fast: true}}]",
            'labels.fast: expected text (in quotes, such as "true"), got true',
        ),
        (
            "nodes: [{class: a, cpu: 1, memory_gib: 1, count: 99999}, {class: b, cpu: 1, memory_gib: 1, count: 2}]",
            "expected at most 100000 nodes in all",
        ),
        (NODES + "name: x\nname: y", "line 3: `name` is given twice, first on line 2; expected it once"),
        (NODES + "labels:\n  1: x", "line 2: labels: unknown field `labels`"),
        ("nodes: &a [*a]", "line 1: an alias stands inside what it repeats"),
        ("nodes: [", "line 2: not YAML"),
        ("nodes: !!python/name:os.system", "the tag tag:yaml.org,2002:python/name:os.system is not read here"),
        ("", "line 1: expected a mapping of the fields of a scenario, `nodes` at least, got null"),
        ("- 1", "line 1: expected a mapping"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_was_expected(text: str, told: str) -> None:
    assert told in refusal(text)
    assert refusal(text).startswith("here.yaml line ")


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    told = refusal("seed: x\nnodes:\n  - {class: a}\nqueue: y").splitlines()

    assert [line.split(":")[0] for line in told] == [f"here.yaml line {number}" for number in (1, 3, 3, 4)]


def test_a_flood_of_mistakes_is_cut_short() -> None:
    told = refusal("nodes:\n" + "- 1\n" * 50).splitlines()

    assert len(told) == 21
    assert told[-1] == "... and 30 more"


def test_a_file_of_too_many_parts_is_refused_before_it_is_built() -> None:
    doubled = "".join(
        f"x{number}: &x{number} [{f'*x{number - 1}, *x{number - 1}' if number else '1, 1'}]\n" for number in range(30)
    )

    assert f"aliases repeat more than {strict_yaml.MOST_VALUES} values" in refusal(doubled)


def test_anchors_and_merge_keys_are_followed_and_their_lines_found() -> None:
    shared = "nodes:\n- &a {class: a, cpu: 1, memory_gib: 1}\n- {<<: *a, class: b}\n"

    assert [node.node_class for node in parse(shared, "x").nodes] == ["a", "b"]
    assert "here.yaml line 3: nodes[1].class" in refusal(shared.replace("class: b", "class: 7"))


def test_a_file_that_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(
        ScenarioError, match=r"scenario 'missing\.yaml' cannot be read .* expected a YAML file or one of busy, default"
    ):
        scenarios.load("missing.yaml")


def test_a_trace_of_values_comes_from_a_file_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("# seconds\nsubmit,run\n0,5\n\n1,7.5\n", encoding="utf-8")
    (tmp_path / "plain.txt").write_text("3\n4\n", encoding="utf-8")
    file = tmp_path / "world.yaml"
    file.write_text(
        NODES + "run: {trace: {file: runs.csv, column: run}}\nstartup: {trace: {file: plain.txt}}\n", encoding="utf-8"
    )

    found = scenarios.load(str(file))

    assert found.run.trace == (5, 7.5)
    assert found.startup.trace == (3, 4)


@pytest.mark.parametrize(
    ("content", "column", "told"),
    [
        ("5\nx\n", "", "line 2: expected seconds of at least 0, got 'x'"),
        ("-1\n", "", "line 1: expected seconds of at least 0, got '-1'"),
        ("a,b\n1\n", ", column: b", "line 2: expected seconds of at least 0, got ''"),
        ("a,b\n1,2\n", ", column: c", "line 1: expected a column 'c', got a, b"),
        ("", "", "expected at least one value, got none"),
        ("1\n" * 100_002, "", "line 100002: expected at most 100000 values"),
    ],
)
def test_a_bad_file_of_values_is_told_with_both_places(tmp_path: Path, content: str, column: str, told: str) -> None:
    (tmp_path / "runs.csv").write_text(content, encoding="utf-8")
    file = tmp_path / "world.yaml"
    file.write_text(NODES + f"run:\n  trace: {{file: runs.csv{column}}}\n", encoding="utf-8")

    with pytest.raises(ScenarioError) as refused:
        scenarios.load(str(file))

    assert str(refused.value).startswith(f"{file} line 3: run.trace: ")
    assert told in str(refused.value)


def test_a_missing_file_of_values_is_told() -> None:
    assert "nowhere.csv cannot be read" in refusal(NODES + "run: {trace: {file: nowhere.csv}}")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"nodes": ()}, "at least one node class"),
        ({"placement": "luck"}, "expected placement to be one of bin-pack"),
        ({"queue": "luck"}, "expected queue to be one of greedy"),
        ({"failure_rate": 2}, "expected failure_rate from 0 to 1"),
        ({"image_pull_failure_rate": -1}, "expected image_pull_failure_rate from 0 to 1"),
        ({"limits": Limits(run=-1)}, "expected `limits` in seconds"),
        ({"start": "2026-01-01T00:00:00"}, "offset from UTC"),
        ({"start": "soon"}, "offset from UTC"),
    ],
)
def test_a_scenario_that_no_file_describes_is_checked_as_well(facts: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Scenario(**({"nodes": (NodeClass("a", 1, 1),)} | facts))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"fixed": -1},
        {"fixed": 1, "exponential": 1},
        {"trace": ()},
        {"mixture": ()},
        {"mixture": (Distribution(fixed=1),)},
        {"log_normal": (0, -1)},
        {"fixed": 1, "weight": 0},
        {"quantiles": ()},
    ],
)
def test_a_distribution_that_cannot_be_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Distribution(**facts)  # type: ignore[arg-type]


def test_nodes_that_fail_and_return_at_the_same_instant_for_ever_are_refused() -> None:
    never = Distribution(fixed=0)

    with pytest.raises(ValueError, match="of together at least 1 s, got 0 s at most"):
        Scenario(nodes=SMALL, node_failures=NodeFailures(mean_time_between_s=never, repair_s=never))


def test_a_node_class_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="node class 'a': expected a count from 1"):
        NodeClass("a", 1, 1, count=0)


def test_the_line_of_what_is_not_there_is_that_of_what_is_around_it() -> None:
    told = ScenarioText("a:\n  b: 1\n", "x")

    assert [told.line(path) for path in (["a", "b"], ["a", "c"], ["a", "b", "d"], ["z"], [])] == [2, 1, 2, 1, 1]


def test_jobs_without_limits_have_the_scenario_s() -> None:
    here = world(limits=Limits(run=3, assign=9))

    first, second = here.submit(ask("a")), here.submit(ask("b", run=100))
    after(here, 20)

    assert (first.request.limits.run, second.request.limits.run, second.request.limits.assign) == (3, 100, 9)
    assert path(first)[-1] == (3, "FAILED")
    assert second.state == "COMPLETED"


def test_an_api_can_have_runs_of_its_own() -> None:
    here = world(apis={"xio": ApiWorkload(run=Distribution(fixed=2))})

    own, other = here.submit(ask("a")), here.submit(ask("b", api="ionworks"))
    after(here, 60)

    assert own.ended == 2_000_000
    assert other.ended == 10_000_000


def test_a_world_with_every_kind_of_distribution_survives_being_frozen() -> None:
    mixed = Distribution(mixture=(Distribution(fixed=1, weight=1), Distribution(exponential=3, weight=2)))
    here = world(
        run=mixed,
        startup=Distribution(quantiles=((0, 1), (100, 2))),
        apis={"xio": ApiWorkload(run=Distribution(trace=(4, 5)))},
    )
    here.submit(ask("a"))

    again = thaw(freeze(here), LIFECYCLES)

    assert path(after(again, 50).job("xio", "a")) == path(after(here, 50).job("xio", "a"))


def test_the_schema_is_yaml_as_well_as_everything_else_we_ship() -> None:
    assert all(isinstance(yaml.safe_load(scenarios.text_of(name)), dict) for name in scenarios.names())


def test_a_number_may_be_written_with_an_exponent() -> None:
    scenario = scenarios.parse(NODES + "run: {fixed: 1e3}\nlimits: {run: 2.5e+2}\nmost_jobs: 1e5", "text")

    assert (scenario.run.fixed, scenario.limits.run, scenario.most_jobs) == (1000, 250, 100_000)


def test_files_with_a_byte_order_mark_are_read_and_those_in_another_encoding_are_told(tmp_path: Path) -> None:
    values, scenario = tmp_path / "values.csv", tmp_path / "mine.yaml"
    text = "run: {trace: {file: values.csv, column: run_s}}\nnodes: [{class: n, cpu: 1, memory_gib: 1}]\n"
    values.write_text("run_s\n5\n", encoding="utf-8-sig")
    scenario.write_text(text, encoding="utf-8-sig")

    assert scenarios.load(str(scenario)).run.trace == (5.0,)
    for file in (values, scenario):
        file.write_text("run_s\n5\n", encoding="utf-16")
        with pytest.raises(ScenarioError, match=rf"{file.name}'? cannot be read \(it is not text in UTF-8\); expected"):
            scenarios.load(str(scenario))
