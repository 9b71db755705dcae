"""Alive without anybody's help; ready only with the catalogue and with room."""

from pathlib import Path

import pytest

from tests.viewer_api.conftest import Edge


def test_a_process_that_answers_is_alive(edge: Edge) -> None:
    edge.rooms.database.close()
    answer = edge.client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_with_catalogue_and_room_it_is_ready(edge: Edge) -> None:
    answer = edge.client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "alarms": 0})


def test_without_the_catalogue_it_is_not_ready(edge: Edge, tmp_path: Path) -> None:
    edge.rooms.database.close()
    for file in tmp_path.glob("catalogue.sqlite*"):
        file.unlink()
    (tmp_path / "catalogue.sqlite").mkdir()
    answer = edge.client().get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The catalogue cannot be reached.")
    assert answer.headers["retry-after"] == "5"
    assert edge.client().get("/healthz").status_code == 200


def test_without_room_it_is_not_ready(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge.rooms.archive.blobs, "room", lambda: -1)
    answer = edge.client().get("/readyz")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
