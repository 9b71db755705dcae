"""Ports, tried on real sockets."""

import errno
import socket
from collections.abc import Iterator

import pytest

from core.errors import Misconfigured
from hub.ports import bound, free_port, port_of, require_free


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port("127.0.0.1")
    require_free("127.0.0.1", port, "DICOM")
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port


def test_a_busy_port_is_named_with_the_option_that_chooses_another(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(Misconfigured) as refused:
        require_free("127.0.0.1", port, "DICOM")
    assert str(refused.value) == (
        f"port {port} for DICOM is in use on 127.0.0.1: stop the other program or choose --dicom-port"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])
def test_a_port_busy_on_loopback_is_busy_for_hosts_that_include_it(
    listener: socket.socket, host: str
) -> None:
    with pytest.raises(Misconfigured, match="in use"):
        require_free(host, listener.getsockname()[1], "HTTP")


def test_a_bound_port_is_nobody_elses_and_answers_once_it_is_listened_on() -> None:
    port = free_port("127.0.0.1")
    with bound("127.0.0.1", port, "HTTP") as [held]:
        assert port_of(held) == port
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass
        held.listen()
        with pytest.raises(Misconfigured, match=f"port {port} for HTTP is in use .*--http-port"):
            require_free("127.0.0.1", port, "HTTP")
        with socket.create_connection(("127.0.0.1", port)):
            pass
    require_free("127.0.0.1", port, "HTTP")


def test_a_port_whose_last_connection_waits_to_close_is_free() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()
    with socket.create_connection(address) as client:
        connection, _ = server.accept()
        server.close()
        connection.close()  # the side that closes first keeps the port in TIME-WAIT
        assert client.recv(1) == b""
    require_free(*address, "HTTP")
    with pytest.raises(OSError, match="in use"), socket.socket() as plain:
        plain.bind(address)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_this_machine_is_said_to_be_so(host: str) -> None:
    with pytest.raises(Misconfigured, match="is no address of this machine"):
        free_port(host)


def test_a_port_that_needs_rights_is_said_to_need_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unprivileged(socket.socket):
        def bind(self, address: object) -> None:
            raise PermissionError(errno.EACCES, f"as the system answers for {address}, if not root")

    monkeypatch.setattr(socket, "socket", Unprivileged)
    with pytest.raises(Misconfigured, match="needs rights that this user lacks or choose --dicom-port"):
        require_free("127.0.0.1", 104, "DICOM")
