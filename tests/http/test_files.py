"""Files of jobs: where answers say they are, what they hold, and how uploads are bounded."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from mockserver.http.answering import files
from tests.conftest import Bench

TOKEN = {"Authorization": "token"}
UPLOAD = {"templateId": "hello-world", "dataSource": {"dataSourceDescriptor": "file", "params": {"name": "in.txt"}}}


def create(bench: Bench, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = bench.post("/v1/customer/jobs", json=body, headers=TOKEN, **more)
    return dict(answer.raise_for_status().json()["job"])


def completed(bench: Bench, template: str = "hello-world", chunks: int = 3) -> str:
    """The link to the result of a job that is complete."""
    job = create(bench, {"templateId": template, "params": {"partitioner": {"num_replicas": chunks}}})
    bench.post(f"/v1/customer/jobs/{job['id']}/run", json={}, headers=TOKEN).raise_for_status()
    bench.post(f"/_mock/jobs/bytenite/{job['id']}/outcome", json={"outcome": "succeed"})
    bench.advance(3600)
    [result] = bench.get(f"/v1/customer/jobs/{job['id']}/results", headers=TOKEN).json()["results"]
    return str(result["link"])


def upload_address(bench: Bench) -> str:
    return str(create(bench, UPLOAD)["dataSource"]["params"]["tempUrl"])


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_link_leads_to_a_zip_with_one_file_per_chunk(bench: Bench) -> None:
    answer = httpx.get(completed(bench, chunks=3))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert list(unzipped(answer.content)) == ["output-1.txt", "output-2.txt", "output-3.txt"]


def test_a_template_that_draws_leaves_images_behind(bench: Bench) -> None:
    outputs = unzipped(httpx.get(completed(bench, "img-gen-flux-template", chunks=2)).content)

    assert sorted(outputs) == ["output-1.png", "output-2.png"]
    assert all(content.startswith(b"\x89PNG\r\n\x1a\n") for content in outputs.values())


def test_the_same_job_leaves_the_same_bytes(bench: Bench) -> None:
    link = completed(bench)

    first, second = httpx.get(link), httpx.get(link)

    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


def test_a_head_request_says_how_long_the_zip_is(bench: Bench) -> None:
    link = completed(bench)

    asked = httpx.head(link)

    assert (asked.status_code, asked.content) == (200, b"")
    assert int(asked.headers["content-length"]) == len(httpx.get(link).content)


@pytest.mark.parametrize("way", ["header", "prefix"])
def test_addresses_stay_in_the_sandbox_however_it_was_named(lenient_url: str, bench: Bench, way: str) -> None:
    base = lenient_url if way == "header" else f"{lenient_url}/sandbox/{bench.sandbox}"
    headers = TOKEN | ({"X-Mock-Sandbox": bench.sandbox} if way == "header" else {})

    made = httpx.post(f"{base}/v1/customer/jobs", json=UPLOAD, headers=headers).json()["job"]

    address = made["dataSource"]["params"]["tempUrl"]
    assert address == f"{lenient_url}/sandbox/{bench.sandbox}/_mock/files/bytenite/{made['id']}/input"
    assert httpx.put(address, content=b"x").status_code == 200


def test_addresses_name_the_host_that_the_reader_asked(bench: Bench) -> None:
    job = create(bench, UPLOAD)["id"]

    answers = [
        bench.get(f"/v1/customer/jobs/{job}", headers=TOKEN | {"Host": host}) for host in ("mock:4080", "127.0.0.1:1")
    ]

    addresses = [answer.json()["job"]["dataSource"]["params"]["tempUrl"] for answer in answers]
    assert [address.split("/")[2] for address in addresses] == ["mock:4080", "127.0.0.1:1"]


def test_the_default_sandbox_needs_no_prefix(lenient_url: str) -> None:
    made = httpx.post(f"{lenient_url}/v1/customer/jobs", json=UPLOAD, headers=TOKEN).json()["job"]

    assert made["dataSource"]["params"]["tempUrl"].startswith(f"{lenient_url}/_mock/files/bytenite/")


def test_lists_show_the_same_address_as_the_job(bench: Bench) -> None:
    address = upload_address(bench)

    listed = bench.get("/v1/customer/jobs", headers=TOKEN).json()["data"]
    filtered = bench.post("/v1/customer/jobs/filter", json={}, headers=TOKEN).json()["data"]

    assert [job["dataSource"]["params"]["tempUrl"] for job in (*listed, *filtered)] == [address, address]


def test_an_upload_is_taken_until_it_is_said_to_be_complete(bench: Bench) -> None:
    address = upload_address(bench)
    job = address.split("/")[-2]

    first, second = httpx.put(address, content=b"one"), httpx.put(address, content=b"two")
    bench.patch(f"/v1/customer/jobs/{job}/uploadcompleted", json={}, headers=TOKEN).raise_for_status()
    late = httpx.put(address, content=b"three")

    assert (first.status_code, second.status_code, late.status_code) == (200, 200, 410)
    assert job in late.json()["error"]["message"]
    assert first.headers["etag"] != second.headers["etag"]


def test_a_file_of_more_than_a_request_body_is_taken(bench: Bench) -> None:
    answer = httpx.put(upload_address(bench), content=(b"x" * 1_000_000 for _ in range(12)), timeout=60)

    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
def test_a_file_that_is_too_large_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch, announced: bool) -> None:
    monkeypatch.setattr(files, "UPLOAD_BYTES", 1000)
    content = b"x" * 1001

    answer = httpx.put(upload_address(bench), content=content if announced else (part for part in (content,)))

    assert (answer.status_code, answer.json()["error"]["message"]) == (413, "the file has more than 1000 bytes")


@pytest.mark.parametrize(
    "place",
    ["bytenite/nobody/result.zip", "bytenite/nobody/input", "bytenite/", "xio/a/result.zip", "", "bytenite/%2e%2e/etc"],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_file_that_never_was_is_not_found(bench: Bench, place: str, method: str) -> None:
    answer = bench.request(method, f"/_mock/files/{place}", content=b"x" if method == "PUT" else None)

    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "unknown")


def test_a_job_without_results_has_no_zip(bench: Bench) -> None:
    job = create(bench, {"templateId": "hello-world"})["id"]

    answer = bench.get(f"/_mock/files/bytenite/{job}/result.zip")

    assert (answer.status_code, answer.json()["error"]["message"]) == (
        404,
        f"job {job} has no result.zip: it is JOB_STATE_NEW",
    )


def test_a_deleted_job_takes_its_files_along(bench: Bench) -> None:
    link = completed(bench)
    bench.delete(f"/v1/customer/jobs/{link.split('/')[-2]}", headers=TOKEN).raise_for_status()

    assert httpx.get(link).status_code == 404


def test_a_job_that_runs_takes_no_input_any_more(bench: Bench) -> None:
    address = upload_address(bench)
    bench.post(f"/v1/customer/jobs/{address.split('/')[-2]}/run", json={}, headers=TOKEN).raise_for_status()

    assert httpx.put(address, content=b"x").status_code == 410


def test_other_methods_are_told_what_a_file_can_do(bench: Bench) -> None:
    answer = httpx.post(upload_address(bench), content=b"x")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, PUT")


def test_asking_for_a_file_makes_no_sandbox(lenient_url: str) -> None:
    answer = httpx.get(f"{lenient_url}/sandbox/never-made/_mock/files/bytenite/a/result.zip")

    names = [one["name"] for one in httpx.get(f"{lenient_url}/_mock/sandboxes").json()["sandboxes"]]
    assert answer.status_code == 404
    assert "never-made" not in names


def test_files_ask_for_no_credentials_where_the_api_does(strict_bench: Bench) -> None:
    sold = strict_bench.post("/v1/auth/access_token", json={"apiKey": "mock-api-key"}).json()["token"]
    made = strict_bench.post("/v1/customer/jobs", json=UPLOAD, headers={"Authorization": sold}).json()["job"]

    assert httpx.put(made["dataSource"]["params"]["tempUrl"], content=b"x").status_code == 200


def test_a_destination_gets_no_address(bench: Bench) -> None:
    made = create(bench, {"templateId": "hello-world", "dataDestination": {"dataSourceDescriptor": "file"}})

    assert "tempUrl" not in made["dataDestination"]["params"]
