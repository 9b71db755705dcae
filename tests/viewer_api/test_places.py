"""What takes a core or much memory: few at a time, some waiting, the rest sent away."""

import threading

import pytest

from tests.viewer_api.conftest import PASSWORD, Edge
from viewer_api.places import Places
from viewer_api.problems import Busy
from viewer_api.rooms import HttpSettings


def test_so_many_work_so_many_wait_and_the_next_is_sent_away() -> None:
    places = Places(1, waiting=1)
    first_in, may_leave, second_in = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with places.taken():
            first_in.set()
            may_leave.wait(10)

    def second() -> None:
        with places.taken():
            second_in.set()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert first_in.wait(10)
    threads[1].start()
    while places._room._value:  # until the second waits
        pass
    assert not second_in.is_set()
    with pytest.raises(Busy), places.taken():
        pass
    may_leave.set()
    for thread in threads:
        thread.join(10)
    assert second_in.is_set()
    with places.taken():
        pass


def test_a_place_is_given_back_when_the_work_fails() -> None:
    places = Places(1, waiting=0)
    for _ in range(3):
        with pytest.raises(KeyError), places.taken():
            raise KeyError


def test_too_many_logins_at_once_are_told_to_come_back(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: HttpSettings = edge.app.state.settings
    monkeypatch.setattr(settings.passwords, "_room", threading.BoundedSemaphore(0))
    answer = edge.client().post("/api/v1/login", json={"username": "reader", "password": PASSWORD})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/busy")
