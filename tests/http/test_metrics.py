"""Figures for Prometheus, and the log of requests."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mockserver.http.logs import ACCESS, JsonFormatter, set_up
from tests.conftest import Bench
from tests.http.steering import ionworks, xio


def figures(bench: Bench) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = bench.get("/_mock/metrics").text
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def figure(bench: Bench, name: str, **labels: str) -> float:
    return figures(bench)[name, frozenset(labels.items())]


def test_requests_are_counted_by_api_operation_and_status(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of()
    for _ in range(3):
        ionworks(bench)
    xio(bench, ok=False, title=7)
    bench.get("/nowhere")

    submitted = {"api": "ionworks", "operation": "submit_job_jobs_post"}
    assert figure(bench, "understudy_requests_total", **submitted, status="202") == 3
    assert figure(bench, "understudy_requests_total", api="xio", operation="xio_create_job", status="400") == 1
    assert figure(bench, "understudy_requests_total", api="-", operation="-", status="404") == 1
    assert figure(bench, "understudy_request_seconds_count", **submitted) == 3
    assert figure(bench, "understudy_request_seconds_bucket", **submitted, le="+Inf") == 3


def test_every_sandbox_tells_its_jobs_queue_clock_and_use(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of()
    here = {"sandbox": bench.sandbox}
    ionworks(bench, metadata={"MOCK_RUN_SECONDS": 500})
    ionworks(bench, metadata={"MOCK_RUN_SECONDS": 1})
    bench.advance(60)

    assert figure(bench, "understudy_jobs", **here, api="ionworks", state="processing", phase="running") == 1
    assert figure(bench, "understudy_jobs", **here, api="ionworks", state="completed", phase="succeeded") == 1
    assert figure(bench, "understudy_clock_seconds", **here) == 60
    assert figure(bench, "understudy_clock_lag_seconds", **here) == 0
    assert figure(bench, "understudy_queue_length", **here) == 0
    assert 0 < figure(bench, "understudy_utilisation_ratio", **here, resource="cpu") < 1
    bench.advance(600)
    assert figure(bench, "understudy_utilisation_ratio", **here, resource="cpu") == 0


def test_the_access_log_names_operation_and_sandbox(
    bench_of: Callable[..., Bench], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger=ACCESS):
        bench = bench_of(access_log=True)
        ionworks(bench)
        deadline = time.monotonic() + 5  # the line is written after the answer has left
        while not (lines := [one for one in caplog.records if "POST /jobs" in one.getMessage()]):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    [record] = lines
    assert record.name == ACCESS
    told = json.loads(JsonFormatter().format(record))
    assert record.getMessage().startswith(f"{bench.sandbox} ionworks submit_job_jobs_post POST /jobs 202 ")
    assert (told["sandbox"], told["api"], told["operation"], told["status"]) == (
        bench.sandbox,
        "ionworks",
        "submit_job_jobs_post",
        202,
    )
    assert told["took_ms"] >= 0


def test_a_record_is_one_json_object_exceptions_included() -> None:
    try:
        raise ValueError("no\nsuch thing")
    except ValueError:
        record = logging.LogRecord("mockserver", logging.ERROR, "f.py", 1, "%s failed", ("it",), sys.exc_info())

    line = JsonFormatter().format(record)

    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["logger"], told["message"]) == ("error", "mockserver", "it failed")
    assert "ValueError" in told["exception"]


def test_an_unknown_log_format_is_refused() -> None:
    with pytest.raises(KeyError):
        set_up("xml", "info", access_log=False)


def test_what_only_some_ask_for_is_not_imported_at_the_start() -> None:
    late = ("prometheus_client", "harfile", "jsonpath_rfc9535")
    program = (
        "import sys; from mockserver.http.app import create_app; create_app(); "
        f"print([name for name in {late} if name in sys.modules])"
    )

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "[]"
