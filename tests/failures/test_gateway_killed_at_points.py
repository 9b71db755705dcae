"""The gateway dies at a named point of a store: what was acknowledged is there, a resend doubles nothing."""

from collections import Counter

import pytest

from hub.wiring import House
from tests.failures.crash_points import AFTER_THE_ANSWER, FILES, OBJECTS
from tests.fixtures.forked_gateway import connected, forked_gateway, register_devices
from tests.fixtures.held import Held, held
from tests.fixtures.instances import data_set, encoded
from tests.fixtures.pairs import on_objects
from tests.fixtures.processes import Launcher

SUCCESS = 0x0000


@pytest.mark.timeout(240)
def test_a_kill_at_any_point_loses_nothing_acknowledged_and_a_resend_is_enough(
    pair: House, launcher: Launcher
) -> None:
    register_devices(pair)
    points = OBJECTS if on_objects(pair) else FILES
    sent = {point: data_set() for point in points}
    for point, (has_row, has_orphan) in points.items():
        before = held(pair.archive)
        status = _send_to_dying(pair, launcher, point, sent[point].SOPInstanceUID, encoded(sent[point]))
        assert (status == SUCCESS) is (point == AFTER_THE_ANSWER), point
        after = held(pair.archive)
        assert _more(before, after) == (has_row, has_row, has_orphan), point
    before = held(pair.archive)
    with forked_gateway(launcher, pair), connected(pair.settings.dicom_port) as scu:
        for point, each in sent.items():
            status = scu.store(encoded(each), sop_instance_uid=each.SOPInstanceUID).status
            assert status == SUCCESS, point
        scu.release()
    now = held(pair.archive)
    assert len(now.instances) == len(set(now.instances)) == len(points)
    assert now.aside == []
    assert Counter(now.changes) == {"instance.stored": len(points)}
    assert now.orphans == before.orphans


def _send_to_dying(
    pair: House, launcher: Launcher, point: str, sop_instance_uid: str, data: bytes
) -> int | None:
    """Send an instance; return the status that the device was told, None where it was cut."""
    with (
        forked_gateway(launcher, pair, crash_point=point) as gateway,
        connected(pair.settings.dicom_port) as scu,
    ):
        try:
            status = scu.store(data, sop_instance_uid=sop_instance_uid).status
        except (AssertionError, OSError):  # the connection ended without a response
            assert gateway.wait() == -9, gateway.lines()
            return None
        gateway.kill()
        return status


def _more(before: Held, after: Held) -> tuple[int, int, int]:
    """Return how many rows, changes and orphans came; nothing may have gone."""
    assert set(before.instances) <= set(after.instances)
    assert before.blobs <= after.blobs
    return (
        len(after.instances) - len(before.instances),
        len(after.changes) - len(before.changes),
        len(after.orphans) - len(before.orphans),
    )
