"""Every error becomes a problem (RFC 9457), by one table that has them all."""

import inspect
import json
from http import HTTPStatus
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field, field_validator

from core import errors
from core.errors import HubError
from tests.fixtures.app_client import AppClient
from tests.viewer_api.conftest import Edge
from viewer_api import problems
from viewer_api.problems import STATUS, SeveralSites, answer_with_problems, documented, problem_of, status_of

CORE_ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, HubError)]


@pytest.mark.parametrize("kind", CORE_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_house_is_in_the_table(kind: type[HubError]) -> None:
    assert kind in STATUS


# Written by hand from the table of DESIGN.md and RFC 9110, 6585.
EXPECTED = {
    "InvalidInstance": 400,
    "DataSetMismatch": 409,
    "UnsupportedTransferSyntax": 406,
    "TooLarge": 413,
    "QuotaExceeded": 507,
    "StorageUnavailable": 503,
    "InvalidQuery": 400,
    "InvalidRequest": 400,
    "NotFound": 404,
    "NotPermitted": 403,
    "NotAuthenticated": 401,
    "PasswordChangeRequired": 403,
    "TooManyAttempts": 429,
    "WorkitemStateConflict": 409,
    "ReportStateConflict": 409,
    "StaleVersion": 412,
    "VersionRequired": 428,
    "AlreadyRegistered": 409,
}


@pytest.mark.parametrize(("name", "status"), EXPECTED.items())
def test_an_error_has_the_status_of_the_design(name: str, status: int) -> None:
    kind: type[HubError] = getattr(errors, name)
    answer = problem_of(kind("what to do about it"))
    body = json.loads(answer.body)
    assert answer.status_code == status
    assert answer.media_type == "application/problem+json"
    assert body["status"] == status
    assert body["detail"] == "what to do about it"
    assert body["type"].startswith("/problems/")


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (errors.NotAuthenticated(), "WWW-Authenticate", 'Bearer realm="imaging-hub"'),
        (errors.TooManyAttempts(), "Retry-After", "900"),
        (errors.StorageUnavailable(), "Retry-After", "5"),
        (errors.QuotaExceeded(), "Retry-After", "600"),
        (problems.Busy(), "Retry-After", "5"),
    ],
)
def test_an_answer_says_what_to_do_next(error: HubError, header: str, value: str) -> None:
    assert problem_of(error).headers[header] == value


def test_a_refined_error_has_the_status_of_its_kind() -> None:
    class RefinedNotFound(errors.NotFound):
        """There is no such frame."""

    assert status_of(RefinedNotFound) is HTTPStatus.NOT_FOUND


def test_a_password_to_change_is_told_from_other_refusals() -> None:
    kinds = (errors.NotPermitted(), errors.PasswordChangeRequired())
    types = [json.loads(problem_of(error).body)["type"] for error in kinds]
    assert types == ["/problems/not-permitted", "/problems/password-change-required"]


def test_an_ambiguous_root_names_the_sites() -> None:
    body = json.loads(problem_of(SeveralSites("Which?", {"b", "a"})).body)
    assert (body["status"], body["sites"], body["title"]) == (409, ["a", "b"], "Several sites")


class Sent(BaseModel):
    """A body with what can be wrong in it."""

    name: str = Field(max_length=5)
    kind: str = "a"

    @field_validator("kind")
    @classmethod
    def known(cls, value: str) -> str:
        if value != "a":
            raise ValueError(f"{value} is unknown")
        return value


@pytest.fixture
def client() -> AppClient:
    app = FastAPI()
    answer_with_problems(app)

    @app.post("/sent/{number}")
    def take(number: int, sent: Sent) -> dict[str, Any]:
        return {}

    return AppClient(app)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/sent/1", {"name": "Zhang San's name"}, "body.name"),
        ("/sent/Zhang", {"name": "x"}, "path.number"),
        ("/sent/1", {"name": "x", "kind": "Zhang"}, "body.kind"),
        ("/sent/1", {}, "body.name"),
        ("/sent/1", "Zhang", "body"),
    ],
)
def test_a_wrong_request_is_told_field_by_field_but_never_what_it_sent(
    client: AppClient, path: str, body: Any, field: str
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [wrong["field"] for wrong in answer.json()["fields"]] == [field]
    assert "Zhang" not in answer.text


def test_json_that_is_none_is_a_problem(client: AppClient) -> None:
    answer = client.post("/sent/1", content=b'{"name": Zhang', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "Zhang" not in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/none", 404), ("GET", "/sent/1", 405)])
def test_what_the_framework_refuses_is_a_problem_too(
    client: AppClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/dicom-web/studies", "GET, HEAD, POST"),
        ("/dicom-web/sites/xinglong/studies/1.2.3", "GET, HEAD, POST"),
        ("/dicom-web/studies/1.2.3/metadata", "GET, HEAD"),
        ("/", "GET, HEAD"),
        ("/api/v1/login", "POST"),
    ],
)
def test_a_wrong_method_is_told_all_that_are_right(edge: Edge, path: str, allowed: str) -> None:
    answer = edge.client().delete(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_errors_of_one_status_are_documented_together() -> None:
    described = documented(errors.NotPermitted, errors.PasswordChangeRequired, errors.NotFound)
    assert sorted(described) == [403, 404]
    assert "role" in described[403]["description"]
    assert "password" in described[403]["description"]
