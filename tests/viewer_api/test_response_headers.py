"""What every answer carries, errors and refusals included."""

import pytest

from tests.viewer_api.conftest import Edge


@pytest.mark.parametrize(
    ("path", "username", "status"),
    [
        ("/healthz", None, 200),
        ("/readyz", None, 200),
        ("/api/v1/me", None, 401),
        ("/api/v1/me", "reader", 200),
        ("/dicom-web/studies", "reader", 200),
        ("/dicom-web/studies", "auditor", 403),
        ("/dicom-web/studies/..", "reader", 404),
        ("/no/such/page", None, 404),
        ("/api/v1/openapi.json", None, 200),
    ],
)
def test_every_answer_tells_browsers_to_be_careful(
    edge: Edge, path: str, username: str | None, status: int
) -> None:
    answer = edge.client(username).get(path)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_a_bug_is_answered_as_carefully_and_tells_nothing(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("Zhang^San")

    monkeypatch.setattr(edge.rooms.archive, "search_studies", fails)
    answer = edge.client("reader").get("/dicom-web/studies")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "Zhang" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"]


def test_nothing_allows_other_origins(edge: Edge) -> None:
    answer = edge.client("reader").get("/dicom-web/studies", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
