"""The short way answers what the framework's way answers, to everybody."""

import re
from typing import Any

import pytest

from core.access import Grant, Role
from tests.viewer_api.conftest import Edge
from tests.viewer_api.stored import CINE, part10, path_of, sample, store
from viewer_api import short_way

PEOPLE = ("reader", "clinic", "neighbour", "auditor", "nobody", None)
ANSWERS = ("", "application/octet-stream", 'multipart/related; type="image/jpeg"', "text/plain")
SEARCHES = (
    "",
    "limit=1&StudyDate=20000101-",
    "PatientID=nobody",
    "limit=0",
    "offset=1&limit=5",
    "limit=-1",
    "limit=1&limit=2",
    "limit=%20",
    "offset=9999999999",
    "PatientName=*&fuzzymatching=true",
    "includefield=PatientAge",
    "00100020=a%00b",
    "StudyDate=never",
    "accept=application/json",
    "Nonsense=1",
)


@pytest.fixture
def cine(edge: Edge) -> Any:
    return store(edge.rooms.archive, edge.consultation.clock, part10(sample(CINE)))


def paths_of(cine: Any) -> list[str]:
    """Return every path that is taken, at both roots, and some that name nothing."""
    below = []
    for instance in (path_of(cine), path_of(cine, at_site=True)):
        study, series = instance.split("/series/")[0], instance.split("/instances/")[0]
        below += [f"{instance}/frames/{number}" for number in ("1", "2,3", "1000", "0", "x")]
        below += [f"{level}/metadata" for level in (study, series, instance, f"{instance}.1")]
    for root in ("/dicom-web", f"/dicom-web/sites/{cine.site_id}"):
        study = f"{root}/studies/{cine.study_instance_uid}"
        below += [f"{root}/studies?{query}" for query in SEARCHES]
        below += [f"{study}/series", f"{study}/series?Modality=CT"]
    return [*below, below[0].replace("/dicom-web/", "/dicom-web/sites/elsewhere/")]


def everything(edge: Edge, paths: list[str]) -> list[Any]:
    """Return what everybody is answered, but for the boundaries, which are drawn by lot."""
    found = []
    for username in PEOPLE:
        with edge.client(username) as client:
            for path in paths:
                answers = [
                    client.get(path, headers={"Accept": accept})
                    for accept in ANSWERS[: 4 if username == "reader" else 1]
                ]
                found += [(username, path, answer.status_code, *plain(answer)) for answer in answers]
    return found


def plain(answer: Any) -> tuple[dict[str, str], bytes]:
    boundary = re.search("boundary=([0-9a-f]+)", answer.headers["content-type"])
    lot = boundary[1] if boundary else "no boundary"
    headers = {name: value.replace(lot, "") for name, value in answer.headers.items()}
    headers.pop("content-length", None)  # the short way says it where it knows it
    return headers, answer.content.replace(lot.encode(), b"")


def test_both_ways_give_the_same(edge: Edge, cine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = paths_of(cine)
    short = everything(edge, paths)
    monkeypatch.setattr(short_way, "ENDPOINTS", ())
    assert short == everything(edge, paths)
    assert {status for _, _, status, *_ in short} == {200, 400, 401, 403, 404, 406}


def test_a_frame_comes_with_its_length(edge: Edge, cine: Any) -> None:
    answer = edge.client("reader").get(f"{path_of(cine)}/frames/1")
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_whoever_is_locked_out_gets_no_further_frame(edge: Edge, cine: Any) -> None:
    path = f"{path_of(cine)}/frames/1"
    client = edge.client("neighbour")
    assert client.get(path).status_code == 404
    edge.rooms.accounts.grant("neighbour", Grant(role=Role.ADMIN))
    assert client.get(path).status_code == 200
    edge.rooms.accounts.disable("neighbour")
    assert client.get(path).status_code == 401
