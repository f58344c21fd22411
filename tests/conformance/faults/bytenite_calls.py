"""Faults of ByteNite's mock: tokens, customers, refusals, lists, deletions, single calls."""

from __future__ import annotations

from typing import Any

from conformance.traffic.json_pointer import get
from tests.conformance.faults import Apply, Asked, Told, answers, both, every_job, patched, requests
from tests.conformance.faults.bytenite import API, answered, fault
from tests.conformance.faults.bytenite_course import undone

BUY = "Auth_GetAccessToken"
LISTS = ("list", "Customer_FilterJobs")


def _life(seconds: str) -> Apply:
    return answered(BUY, lambda asked, told: told.body.__setitem__("expiresIn", seconds))


def _bought(asked: Asked, told: Told) -> None:
    if told.status == 200 and "token" in asked.memory and "authorization" not in asked.headers:
        told.status, told.body = 401, {"code": 16, "message": "no", "details": []}
    asked.memory["token"] = True


def _any_key(asked: Asked) -> None:
    if isinstance(asked.body, dict) and isinstance(asked.body.get("apiKey"), str):
        asked.body["apiKey"] = "mock-api-key"


def _no_key(asked: Asked) -> None:
    if not isinstance(asked.body, dict) or not isinstance(asked.body.get("apiKey"), str):
        asked.body = {"apiKey": "mock-api-key"}


def _loose_token(asked: Asked) -> None:
    asked.headers["authorization"] = asked.headers.get("authorization", "").rstrip("x")


def _no_bearer(asked: Asked, told: Told) -> None:
    if asked.headers.get("authorization", "").startswith("Bearer "):
        told.status, told.body = 401, {"code": 16, "message": "no", "details": []}


def _one_token(asked: Asked, told: Told) -> None:
    if asked.operation == BUY:
        asked.memory["last"] = (told.body or {}).get("token")
    elif asked.headers.get("authorization", "") != asked.memory.get("last") and "last" in asked.memory and told.status < 300:
        told.status, told.body = 401, {"code": 16, "message": "no", "details": []}


def open_to_all(operation: str, instead_of: str) -> Apply:
    """A call takes no credential, or a wrong one, for a right one."""

    def edit(asked: Asked) -> None:
        sent = asked.headers.get("authorization", "")
        if asked.operation == operation and "token" in asked.memory and (not sent if instead_of == "none" else sent == "not-a-token"):
            asked.headers["authorization"] = asked.memory["token"]

    def revise(asked: Asked, told: Told) -> None:
        if asked.operation == BUY and told.status == 200:
            asked.memory["token"] = told.body["token"]

    return both(API, (BUY, operation), edit, revise)


def ownerless(method: str) -> Apply:
    """The world does not look whose jobs are asked for."""

    def make(original: Any) -> Any:
        return lambda world, *names, owner=None, **others: original(world, *names, **others)

    return patched(f"mockserver.simulation.world:World.{method}", make)


def status(where: str | tuple[str, ...], was: int, becomes: int, body: Any = None) -> Apply:
    """Answers of one status have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status == was:
            told.status, told.body = becomes, told.body if body is None else body

    return answers(API, where, revise)


def code(was: int, becomes: int, where: str | tuple[str, ...] = "*") -> Apply:
    """Refusals of one code have another."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 400 and get(told.body, "/code") == was:
            told.body["code"] = becomes

    return answers(API, where, revise)


def _query(asked: Asked, name: str) -> int:
    told = dict(asked.query).get(name, "0")
    return int(told) if told.isdigit() else 0


def _shifted(asked: Asked) -> None:
    asked.query = [(name, str(int(value) - 1) if name == "pagination.offset" and value.isdigit() and value != "0" else value) for name, value in asked.query]


def _one_more(asked: Asked) -> None:
    asked.query = [(name, str(int(value) + 1) if name == "pagination.limit" and value.isdigit() else value) for name, value in asked.query]


def _digits_only(name: str) -> Apply:
    def edit(asked: Asked) -> None:
        asked.query = [(key, value) for key, value in asked.query if key != name or value.isdigit()]

    return requests(API, "list", edit)


def paging(name: str, change: Any) -> Apply:
    """A member of the pagination is another; `change` is told of the call and the answer."""

    def revise(asked: Asked, told: Told) -> None:
        told.body["pagination"][name] = change(asked, told.body)

    return answered(LISTS, revise)


def _next(asked: Asked, body: Any) -> bool:
    return bool(body["pagination"]["offset"] + len(body["data"]) <= body["pagination"]["total"])


def _second_page_backwards(asked: Asked, told: Told) -> None:
    if _query(asked, "pagination.offset"):
        told.body["data"].reverse()


def _beyond(asked: Asked, told: Told) -> None:
    if not told.body["data"] and _query(asked, "pagination.offset"):
        told.status, told.body = 404, {"code": 5, "message": "no such page", "details": []}


def _counted(asked: Asked, told: Told) -> None:
    if asked.role == "submit" and told.status == 200:
        asked.memory["made"] = asked.memory.get("made", 0) + 1
    elif asked.role == "list" and told.status == 200:
        told.body["pagination"]["total"] = asked.memory.get("made", 0)


def _one_state(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("states"):
        asked.body["states"] = asked.body["states"][:1]


def _whole_name(asked: Asked, told: Told) -> None:
    if isinstance(asked.body, dict) and asked.body.get("name"):
        told.body["data"] = [job for job in told.body["data"] if job.get("name") == asked.body["name"]]


def _results(asked: Asked, told: Told) -> None:
    told.body["results"] = [{"name": "result.zip", "link": "https://storage.bytenite.com/result.zip"}]


def _password(job: dict[str, Any], asked: Asked) -> None:
    params = get(job, "/dataSource/params")
    if isinstance(params, dict) and "password" in params:
        params["password"] = "cf-hush-hush"


def _stale(asked: Asked, told: Told) -> None:
    for job in told.body["data"]:
        job["name"] = asked.memory.setdefault(job["id"], "") or "a job"


def _soon(asked: Asked) -> None:
    if isinstance(asked.body, dict) and asked.body.get("jobTimeout") == "soon":
        asked.body.pop("jobTimeout")


FAULTS = [
    fault("life-as-number", "BYT-AUT-001", "the token's span of life is a number", answered(BUY, lambda asked, told: told.body.__setitem__("expiresIn", 3600)), "JOB-RSP-002"),
    fault("next-token-takes-one", "BYT-AUT-002", "a second token is not sold to who brings none", answers(API, BUY, _bought), "BYT-AUT-009", "BYT-AUT-006"),
    fault("any-key", "BYT-AUT-003", "any API key is taken for the known one", requests(API, BUY, _any_key), "BYT-ISO-001", "BYT-ISO-002"),
    fault("no-key", "BYT-AUT-004", "a token is given for nothing", requests(API, BUY, _no_key)),
    fault("token-ends-early", "BYT-AUT-005", "tokens end before the time that is told", _life("3700")),
    fault("token-never-ends", "BYT-AUT-006", "tokens are good after the time that is told", _life("3500")),
    fault("loose-token", "BYT-AUT-007", "what follows a token is passed over", requests(API, "*", _loose_token)),
    fault("no-bearer", "BYT-AUT-008", "a token after Bearer is refused", answers(API, "*", _no_bearer)),
    fault("one-token", "BYT-AUT-009", "a new token ends the one before", answers(API, "*", _one_token), "BYT-ISO-001", "BYT-ISO-002"),
    fault("open-results", "JOB-AUT-001", "results are given to everybody", open_to_all("Customer_GetJobResults", "none")),
    fault("open-rename", "JOB-AUT-002", "a wrong token may rename", open_to_all("Customer_SetJobName", "wrong")),
    fault("delete-denied", "JOB-AUT-003", "a right token may not delete", answers(API, "delete", lambda asked, told: setattr(told, "status", 403)), "JOB-LST-009"),
    fault("one-customer", "BYT-ISO-002", "customers reach each other's jobs by id", ownerless("job"), "BYT-ISO-001"),
    fault("one-list", "BYT-ISO-001", "customers share one list", patched("mockserver.simulation.world:World.jobs", lambda original: lambda world, api, owner=None, project=None: original(world, api))),
    fault("code-unknown", "BYT-ERR-002", "what is unknown has the code of what is wrong", code(5, 3)),
    fault("code-wrong", "BYT-ERR-008", "a wrong submission has the code of what the state forbids", code(3, 9, "submit")),
    fault("code-state", "BYT-STM-009", "what the state forbids has the code of what is wrong", code(9, 3)),
    fault("code-credential", "BYT-ERR-004", "what lacks a credential has the code of what is forbidden", code(16, 7)),
    fault("no-message", "BYT-ERR-001", "refusals of submissions have no message", answers(API, "submit", lambda asked, told: told.body.pop("message", None) if isinstance(told.body, dict) and told.status >= 400 else None)),
    fault("configs-of-nobody", "BYT-ERR-005", "limits of a job that never was are unknown in another way", status("Customer_SetJobConfigs", 404, 400)),
    fault("abort-of-nobody", "BYT-ERR-005", "a job that never was is aborted", status("cancel", 404, 200, {"ok": True, "requestId": "", "message": "", "error": None}), "JOB-ERR-012"),
    fault("delete-of-nobody", "JOB-ERR-013", "a job that never was is deleted", status("delete", 404, 200, {"ok": True, "requestId": "", "message": "", "error": None}), "BYT-ERR-005"),
    fault("results-of-nobody", "BYT-ERR-006", "a job that never was has no results yet", status("Customer_GetJobResults", 404, 200, {"results": []})),
    fault("soon", "BYT-ERR-007", "a wrong limit of a change is passed over", requests(API, "Customer_SetJobConfigs", _soon)),
    fault("soon-runs", "BYT-ERR-009", "a wrong limit of a run is passed over", requests(API, "start", _soon)),
    fault("no-has-next", "BYT-LST-001", "a page does not say whether there are more", answered("list", lambda asked, told: told.body["pagination"].pop("hasNext")), "BYT-LST-003"),
    fault("offset-nought", "BYT-LST-002", "every page tells the offset nought", paging("offset", lambda asked, body: 0), "BYT-LST-012"),
    fault("next-off-by-one", "BYT-LST-003", "a page that ends exactly promises more", paging("hasNext", _next), "BYT-LST-012"),
    fault("always-previous", "BYT-LST-004", "every page says that there are jobs before it", paging("hasPrevious", lambda asked, body: True)),
    fault("offset-off-by-one", "JOB-LST-004", "every page but the first begins one job early", requests(API, "list", _shifted), "BYT-LST-002"),
    fault("limit-off-by-one", "JOB-LST-006", "pages hold one job more than asked for", requests(API, "list", _one_more), "JOB-LST-004"),
    fault("total-of-page", "JOB-LST-005", "the total counts the page", paging("total", lambda asked, body: len(body["data"])), "BYT-LST-012", "BYT-LST-013"),
    fault("oldest-first", "JOB-LST-007", "a list is in the order of creation", answered("list", lambda asked, told: told.body["data"].reverse() if "orderBy" not in dict(asked.query) else None)),
    fault("beyond-is-error", "JOB-LST-008", "a page beyond the end is refused", answered("list", _beyond)),
    fault("page-two-backwards", "BYT-LST-006", "later pages are in the other order", answered("list", _second_page_backwards), "BYT-LST-005"),
    fault("short-names-ignored", "BYT-LST-005", "the short name of the offset is not known", requests(API, "list", lambda asked: setattr(asked, "query", [(name, value) for name, value in asked.query if name != "offset"]))),
    fault("any-limit", "BYT-LST-007", "a limit that is no number is passed over", _digits_only("pagination.limit"), "BYT-LST-009"),
    fault("any-offset", "BYT-LST-008", "an offset that is no number is passed over", _digits_only("pagination.offset"), "BYT-LST-009"),
    fault("one-state", "BYT-LST-010", "a filter looks at the first of several states", requests(API, "Customer_FilterJobs", _one_state)),
    fault("whole-name", "BYT-LST-011", "a filter takes a name for the whole of it", answered("Customer_FilterJobs", _whole_name)),
    fault("deleted-count", "BYT-LST-013", "the total counts deleted jobs", answers(API, ("submit", "list"), _counted)),
    fault("deleted-stays", "JOB-LST-009", "ended jobs are not deleted", undone("delete", lambda job: job.is_terminal), "BYT-STM-015"),
    fault("listed-otherwise", "JOB-LST-003", "the list has other names than the jobs", answered("list", _stale)),
    fault("twenty-five", "BYT-DEF-003", "a page holds twenty-five jobs", patched("mockserver.adapters.bytenite.jobs:PAGE", lambda original: 25)),
    fault("early-results", "BYT-RSP-016", "every job has results", answered("Customer_GetJobResults", _results)),
    fault("no-results", "BYT-RSP-015", "no job has results", answered("Customer_GetJobResults", lambda asked, told: told.body.__setitem__("results", []))),
    fault("password", "BYT-RSP-014", "the password of a data source is shown", answers(API, ("submit", "read", "list"), every_job(API, _password))),
    fault("all-levels", "BYT-RSP-018", "logs are not filtered by level", requests(API, "Customer_GetLogs", lambda asked: asked.body.pop("levels", None) if isinstance(asked.body, dict) else None)),
    fault("all-running", "BYT-RSP-021", "running tasks of one job are those of all", requests(API, "Customer_RunningTasks", lambda asked: setattr(asked, "body", {}))),
    fault("failing-app-refused", "JOB-CRT-001", "a submission whose app is to fail is refused", answers(API, "submit", lambda asked, told: setattr(told, "status", 400) if get(asked.body, "/params/app/MOCK_EXIT_CODE") == 3 else None)),
]
