"""Whom the hub believes to be at the other end."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from viewer_api.trusted_proxy import TrustedProxy

PROXIES = (ip_network("10.0.0.0/29"), ip_network("fd00::1/128"))


def meet(peer: str | None, headers: dict[str, str], proxies: Any = PROXIES) -> tuple[int, str, str]:
    """Return (status, client, scheme) as the application behind meets them; 0 where it never does."""
    seen: list[tuple[int, str, str]] = []
    sent: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope["client"]
        seen.append((200, client[0] if client else "", scope["scheme"]))

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope: Scope = {
        "type": "http",
        "client": (peer, 1234) if peer else None,
        "scheme": "http",
        "path": "/",
        "method": "GET",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(TrustedProxy(application, proxies=proxies)(scope, receive, send))
    return seen[0] if seen else (sent[0]["status"], "", "")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("::1", "203.0.113.9", "::1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "8.8.8.8, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "8.8.8.8, 203.0.113.9, 10.0.0.2, 10.0.0.3", "203.0.113.9"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, _hidden", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, _hidden, 10.0.0.2", "10.0.0.2"),
        ("fd00::1", "203.0.113.9", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_a_trusted_proxy_speaks_for_another(peer: str, forwarded: str, client: str) -> None:
    assert meet(peer, {"x-forwarded-for": forwarded})[:2] == (200, client)


@pytest.mark.parametrize(
    ("peer", "scheme"), [("127.0.0.1", "http"), ("10.0.0.1", "https"), ("10.0.0.7", "https")]
)
def test_only_a_trusted_proxy_says_that_it_was_https(peer: str, scheme: str) -> None:
    assert meet(peer, {"x-forwarded-proto": "https"})[2] == scheme


@pytest.mark.parametrize("peer", ["10.0.0.8", "203.0.113.9", "fd00::2", "not an address"])
def test_plain_http_from_anywhere_else_is_refused(peer: str) -> None:
    assert meet(peer, {"x-forwarded-for": "127.0.0.1"})[0] == 403


def test_without_a_proxy_only_this_machine_is_answered() -> None:
    assert meet("127.0.0.1", {}, ())[0] == 200
    assert meet("192.168.1.5", {}, ())[0] == 403


def test_a_local_socket_without_address_is_this_machine() -> None:
    assert meet(None, {}) == (200, "", "http")
