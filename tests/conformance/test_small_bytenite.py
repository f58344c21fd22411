"""Independence: a ByteNite that shares nothing with the mock passes."""

from __future__ import annotations

from pathlib import Path

from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from tests.conformance.small_servers.bytenite import Server

SETTINGS = """
submit:
  body: {templateId: thumbnails, params: {app: {MOCK_RUN_SECONDS: null, seconds: 3}}}
  knobs: {chunks: /params/partitioner/pieces}
  shapes:
    long: {params: {app: {MOCK_RUN_SECONDS: null, seconds: 600}}}
    fails: {params: {app: {MOCK_EXIT_CODE: null, crash: 3}}}
    partly-fails: {params: {app: {MOCK_FAIL_ATTEMPTS: null, lose: 1}, partitioner: {num_replicas: null, pieces: 4}}}
    waits: {params: {app: {MOCK_STAY_QUEUED: null, stuck: true}}}
credentials:
  good: {token: {operation: Auth_GetAccessToken, body: {apiKey: alpha-key}, at: /token, life: /expiresIn}}
  second: {token: {operation: Auth_GetAccessToken, body: {apiKey: beta-key}, at: /token, life: /expiresIn}}
"""


def test_a_server_written_by_hand_passes(tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(SETTINGS)
    with Target.in_process(Server(0), "bytenite", file=file) as target:
        report = run(target, Options(seed=1, shuffle=True))

    # This server needs a token for everything, has templates of its own, prints zeros where nothing was set, and does
    # as it likes where the vendor is silent.
    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.WARN, Verdict.ERROR)] == []
    assert len(report.of(Verdict.PASS)) >= 230, report.sentence
    assert report.exit is Exit.CONFORMANT, report.sentence
