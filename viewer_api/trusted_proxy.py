"""Who is at the other end: the peer itself, or whom the proxy in front says it speaks for."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import NotPermitted
from core.networks import Network, address_of, lies_in, peer_is_permitted
from viewer_api.problems import problem_of


class TrustedProxy:
    """Believes X-Forwarded-For and -Proto from the configured proxies alone.

    Plain HTTP from any other peer beyond this machine is refused: passwords would travel in the clear.
    """

    def __init__(self, app: ASGIApp, *, proxies: tuple[Network, ...]) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the true client and scheme into the scope, or refuse the peer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        peer = _peer_of(scope)
        if peer is not None and not peer_is_permitted(peer, self._proxies):
            refusal = NotPermitted("Plain HTTP is answered to this machine and to the configured proxy only.")
            await problem_of(refusal)(scope, receive, send)
            return
        if peer is not None and _is_one_of(peer, self._proxies):
            headers = Headers(scope=scope)
            if headers.get("x-forwarded-proto", "").strip().lower() == "https":
                scope["scheme"] = "https"
            hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
            scope["client"] = (_client_of(hops, peer, self._proxies), 0)
        await self._app(scope, receive, send)


def _peer_of(scope: Scope) -> str | None:
    """Return the peer's address; None for a socket of this machine that has none."""
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else None


def _client_of(hops: Iterable[str], peer: str, proxies: tuple[Network, ...]) -> str:
    """Return the last address that is no trusted proxy's: what stands before it anybody could have sent."""
    client = peer
    for hop in reversed([hop.strip() for hop in hops]):
        if address_of(hop) is None:
            break
        client = hop
        if not _is_one_of(hop, proxies):
            break
    return client


def _is_one_of(text: str, networks: tuple[Network, ...]) -> bool:
    address = address_of(text)
    return address is not None and lies_in(address, networks)
