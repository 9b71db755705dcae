"""Schemathesis asks every operation of the description: no server error, and no answer that it does not name.

With a fixed seed, as the administrator of every site, of things that are there and of things that are not.
"""

from collections import Counter
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import ECG, part10, sample, store
from viewer_api.dicom_web_root import PREFIX, SITE_PREFIX

CASES_EACH = 2
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("multipart/related", "application/offset+octet-stream")
def octets(_context: Any, value: Any) -> bytes:
    """Write the body of STOW-RS or of an upload: any octets."""
    return value.encode() if isinstance(value, str) else bytes(value)


@pytest.fixture
def filled(edge: Edge) -> dict[str, Any]:
    """An ECG that is on the reading list; what of it an address may name."""
    kept = store(edge.rooms.archive, edge.consultation.clock, part10(sample(ECG)))
    edge.consultation.take_in()
    (case,) = edge.client("admin").get("/api/v1/worklist").json()["items"]
    return {
        "study": kept.study_instance_uid,
        "study_instance_uid": kept.study_instance_uid,
        "series": kept.series_instance_uid,
        "instance": kept.sop_instance_uid,
        "site_id": kept.site_id,
        "case_id": case["case_id"],
        "path": "00080018",
    }


def cases_of(operation: Any) -> list[Any]:
    """Return a few requests for an operation, the same ones each time."""
    cases: list[Any] = []

    @hypothesis.settings(
        max_examples=CASES_EACH,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    return cases


def ask(edge: Edge, case: Any) -> int:
    """Send a case as the administrator, hold the answer against the description, and return its status."""
    sent = case.as_transport_kwargs(base_url="http://127.0.0.1")
    sent["headers"] = dict(sent["headers"]) | edge.headers("admin")
    known = {name: sent[name] for name in ("method", "url", "headers", "params", "json") if name in sent}
    if "data" in sent:
        known["content"] = sent["data"]
    answer = edge.client().request(**known)
    case.validate_response(answer, checks=CHECKS)
    return answer.status_code


@pytest.mark.timeout(120)
def test_every_operation_answers_as_described(edge: Edge, filled: dict[str, Any]) -> None:
    """PS3.18 8.9: the description of the service is what the service does; RFC 9457 3 for problems."""
    schema = schemathesis.openapi.from_dict(edge.app.openapi())
    failures: list[str] = []
    statuses: Counter[int] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.startswith(f"{PREFIX}/") and not operation.path.startswith(SITE_PREFIX):
            continue  # the same routes as below a site
        for number, case in enumerate(cases_of(operation)):
            if operation.path.endswith("/events"):
                case.query = {**(case.query or {}), "seconds": 0}  # a stream that does not wait
            if number % 2 == 0:
                case.path_parameters = {
                    name: filled.get(name, value) for name, value in (case.path_parameters or {}).items()
                }
            try:
                statuses[ask(edge, case)] += 1
            except FailureGroup as failure:
                failures += [f"{operation.label}: {each}" for each in failure.exceptions]
    assert failures == []
    assert statuses.total() > 100
    assert statuses[200] > 20, statuses
