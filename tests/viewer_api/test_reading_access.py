"""Who may call what: every route of reading and reporting, for nobody, the wrong role and a foreign place."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest

from tests.fixtures.consultation import XINGLONG
from tests.fixtures.reading_over_http import Reading
from viewer_api import (
    report_routes,
    report_schemas,
    request_routes,
    request_schemas,
    worklist_routes,
    worklist_schemas,
)

WORDS = {"findings": "", "impression": "x"}
NOBODYS_KEY = "ABCDEFGHJKMNPQRSTVWXYZ0123"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One route: who may call it, whose role never may, and who may elsewhere only."""

    method: str
    path: str
    allowed: str
    wrong_role: str
    foreign: str
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    is_list: bool = False
    refusal: HTTPStatus = HTTPStatus.FORBIDDEN
    """What the wrong role is answered: not found, where also whoever had the role once finds their words."""

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"{self.method} {self.path}"


TURN = {"workitem_uid": "{workitem_uid}"}
READER = {"allowed": "reader", "wrong_role": "clinic", "foreign": "foreign-reader"}
CLINIC = {"allowed": "clinic", "wrong_role": "auditor", "foreign": "foreign-clinic"}
CALLS = [
    Call(method="GET", path="/api/v1/worklist", is_list=True, **CLINIC),
    Call(method="GET", path="/api/v1/cases/{case_id}", **CLINIC),
    Call(
        method="GET",
        path="/api/v1/studies/{study_instance_uid}/case",
        query={"site_id": XINGLONG},
        **CLINIC,
    ),
    Call(
        method="GET",
        path="/api/v1/cases/{case_id}/timeline",
        allowed="auditor",
        wrong_role="nobody",
        foreign="foreign-auditor",
    ),
    Call(method="POST", path="/api/v1/workitems/{workitem_uid}/claim", **READER),
    Call(method="POST", path="/api/v1/workitems/{workitem_uid}/heartbeat", **READER),
    Call(method="GET", path="/api/v1/cases/{case_id}/draft", **READER),
    Call(
        method="PUT",
        path="/api/v1/cases/{case_id}/draft",
        body=TURN | WORDS,
        refusal=HTTPStatus.NOT_FOUND,
        **READER,
    ),
    Call(method="GET", path="/api/v1/cases/{case_id}/kept-drafts", refusal=HTTPStatus.NOT_FOUND, **READER),
    Call(method="POST", path="/api/v1/cases/{case_id}/sign", body=TURN | {"status": "preliminary"}, **READER),
    Call(method="POST", path="/api/v1/workitems/{workitem_uid}/release", **READER),
    Call(method="GET", path="/api/v1/cases/{case_id}/reports", **CLINIC),
    Call(method="GET", path="/api/v1/reports", is_list=True, **CLINIC),
    Call(method="GET", path="/api/v1/reports/{report_id}", **CLINIC),
    Call(method="GET", path="/api/v1/reports/{report_id}/pdf", **CLINIC),
    Call(method="GET", path="/api/v1/reports/{report_id}/sr", **CLINIC),
    Call(method="POST", path="/api/v1/reports/{report_id}/addenda", body=WORDS | {"reason": "y"}, **READER),
    Call(
        method="POST",
        path="/api/v1/requests",
        body={"site_id": XINGLONG, "accession_number": "A-7"},
        allowed="clinic",
        wrong_role="reader",
        foreign="foreign-clinic",
    ),
]
ROUTERS = (worklist_routes.router, report_routes.router, request_routes.router)


def test_every_route_has_its_line_in_the_table(reading: Reading) -> None:
    own = {
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        for method in route.methods  # type: ignore[attr-defined] # all of them are routes of an API
    }
    assert own == {(call.method, call.path) for call in CALLS}
    paths = reading.edge.app.openapi()["paths"]
    described = {(method.upper(), path) for path in paths for method in paths[path]}
    assert own <= described


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What there is to ask for at Xinglong: a claimed case with an open draft, and a published report."""

    case_id: str
    workitem_uid: str
    study_instance_uid: str
    report_id: str


@pytest.fixture
def keys(reading: Reading) -> Keys:
    """A reader's claimed case, and the report of another."""
    report = reading.published()
    case = reading.claimed("reader")
    reading.save("reader", case, 0)
    return Keys(
        case_id=case.case_id,
        workitem_uid=case.workitem.workitem_uid,
        study_instance_uid=case.study_instance_uid,
        report_id=report["report_id"],
    )


def _send(reading: Reading, username: str, call: Call, keys: Keys, *, version: int = 1) -> Any:
    body = call.body and {name: text.format(**vars(keys)) for name, text in call.body.items()}
    return reading.as_(username).request(
        call.method,
        call.path.format(**vars(keys)),
        json=body,
        params=call.query,
        headers={"If-Match": f'"{version}"'},
    )


def test_nobody_the_wrong_role_and_a_foreign_place_are_turned_away(reading: Reading, keys: Keys) -> None:
    missing = Keys(
        case_id=NOBODYS_KEY, workitem_uid="1.2.3", study_instance_uid="1.2.3", report_id=NOBODYS_KEY
    )
    for call in CALLS:
        anonymous = _send(reading, "", call, keys)
        assert anonymous.status_code == HTTPStatus.UNAUTHORIZED, call.name
        assert anonymous.headers["WWW-Authenticate"].startswith("Bearer"), call.name
        assert _send(reading, call.wrong_role, call, keys).status_code == call.refusal, call.name
        foreign = _send(reading, call.foreign, call, keys)
        if call.is_list:
            assert foreign.json() == {"items": []}, call.name
            continue
        assert foreign.status_code == HTTPStatus.NOT_FOUND, call.name
        assert foreign.headers["Content-Type"] == "application/problem+json", call.name
        if "{" in call.path:
            # What is foreign and what is not there cannot be told apart.
            assert _send(reading, call.foreign, call, missing).json() == foreign.json(), call.name


def test_whoever_may_is_served(reading: Reading, keys: Keys) -> None:
    reading.as_("reader").post(f"/api/v1/workitems/{keys.workitem_uid}/release")
    renewed = reading.as_("reader").get(f"/api/v1/cases/{keys.case_id}").json()["workitem"]
    keys = Keys(**vars(keys) | {"workitem_uid": renewed["workitem_uid"]})
    for call in CALLS:
        # The draft has moved on by the time that it is signed.
        answer = _send(reading, call.allowed, call, keys, version=2 if call.path.endswith("/sign") else 1)
        assert answer.status_code in {HTTPStatus.OK, HTTPStatus.CREATED}, (call.name, answer.text)
        if call.is_list:
            assert answer.json()["items"], call.name


def test_every_answer_is_described(reading: Reading, keys: Keys) -> None:
    paths = reading.edge.app.openapi()["paths"]
    for call in CALLS:
        operation = paths[call.path][call.method.lower()]
        assert operation["summary"], call.name
        assert operation["security"], call.name
        for username in ("", call.wrong_role, call.foreign, call.allowed):
            answer = _send(reading, username, call, keys)
            described = operation["responses"].get(str(answer.status_code))
            assert described is not None, (call.name, answer.text)
            media_type = answer.headers["Content-Type"].partition(";")[0]
            assert media_type in described["content"], (call.name, described)


def test_every_body_is_shown_by_an_example_that_its_own_model_takes(reading: Reading) -> None:
    described = reading.edge.app.openapi()
    shown = set()
    for call in CALLS:
        operation = described["paths"][call.path][call.method.lower()]
        bodies = [operation["requestBody"]] if call.body else []
        bodies += [answer for status, answer in operation["responses"].items() if status in {"200", "201"}]
        for body in bodies:
            for media_type, content in body["content"].items():
                if media_type == "application/json":
                    shown.add(content["schema"]["$ref"].rpartition("/")[2])
    models = {
        name: model
        for module in (worklist_schemas, report_schemas, request_schemas)
        for name, model in vars(module).items()
        if name in shown
    }
    assert models.keys() == shown
    for name, model in models.items():
        assert "example" in described["components"]["schemas"][name], name
        # The framework leaves what is null out of the description, so the model's own is tried.
        example = model.model_config["json_schema_extra"]["example"]
        assert model.model_validate(example).model_dump(mode="json").keys() == example.keys(), name


def test_a_session_changes_nothing_without_its_token(reading: Reading, keys: Keys) -> None:
    browser = reading.edge.client()
    login = browser.post("/api/v1/login", json={"username": "colleague", "password": "correct horse battery"})
    assert browser.get("/api/v1/worklist").status_code == HTTPStatus.OK
    path = f"/api/v1/workitems/{keys.workitem_uid}/claim"
    assert browser.post(path).status_code == HTTPStatus.FORBIDDEN
    with_token = browser.post(path, headers={"X-CSRF-Token": login.json()["csrf_token"]})
    assert with_token.status_code == HTTPStatus.CONFLICT
