"""Small messages are not held up by a sender's Nagle and a late acknowledgement, 40 ms each time."""

import time

from tests.fixtures.raw_scu import P_DATA, command_set, fragment_item, uid
from tests.pacs_gateway.running_gateway import RunningGateway

DELAYED_ACKNOWLEDGEMENT = 0.040
VERIFYING = command_set({0x0002: uid("1.2.840.10008.1.1"), 0x0100: 0x30, 0x0110: 1, 0x0800: 0x0101})


def test_a_message_in_two_segments_is_acknowledged_at_once(gateway: RunningGateway) -> None:
    """The second segment leaves a sender with Nagle only when the first is acknowledged.

    The quickest of many tells: it is slow on no machine, and late acknowledgement delays every one.
    """
    took = []
    with gateway.scu().associate() as scu:
        for _ in range(60):
            began = time.monotonic()
            scu.send_pdu(P_DATA, fragment_item(VERIFYING[:20], context_id=3, control=1))
            scu.send_pdu(P_DATA, fragment_item(VERIFYING[20:], context_id=3, control=3))
            assert scu.receive_response().status == 0
            took.append(time.monotonic() - began)
    assert min(took[30:]) < DELAYED_ACKNOWLEDGEMENT / 2
