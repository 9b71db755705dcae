"""OHIF in front of the hub as docs/ohif.md says, word for word: only places and ports are our own."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2
import trustme

from bench.npm import package

VERSION: Final = "3.13.2"
INTEGRITY: Final = (
    "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
)
CANVAS: Final = "canvas.cornerstone-canvas"
PLAY: Final = "[data-cy=cine-player-play-pause]"
NO_TOUR: Final = "localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour']))"
"""The tour of the first visit lies over the viewer and takes its keys."""
_GUIDE: Final = Path(__file__).resolve().parents[1] / "docs" / "ohif.md"
_BLOCK: Final = re.compile(r"```(nginx|js)\n(.*?)```", re.DOTALL)
_START_SECONDS: Final = 20.0
_NGINX: Final = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ }}
http {{
  include /etc/nginx/mime.types;
  access_log off;
  {temporary}
  {servers}
}}
"""
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class NotProxied(Exception):
    """nginx is not installed, ended, or does not answer."""


@contextmanager
def proxied(hub: str, folder: Path, ports: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """Serve the hub at `hub` and OHIF beside it by HTTPS on these ports; yields the addresses of both.

    Raises:
        NotFetched: OHIF cannot be had.
        NotProxied: nginx does not serve it.
    """
    address, viewer = (f"https://localhost:{port}" for port in ports)
    written = dict(_BLOCK.findall(_GUIDE.read_text(encoding="utf-8")))
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "hub.pem"))
    (folder / "app-config.js").write_text(written["js"].replace("https://hub.county.example", address))
    places = {
        "http://127.0.0.1:8000": hub,
        "listen 443 ": f"listen 127.0.0.1:{ports[0]} ",
        "listen 8443 ": f"listen 127.0.0.1:{ports[1]} ",
        "hub.county.example": "localhost",
        "/etc/ssl/hub.pem": f"{folder}/hub.pem",
        "/etc/ssl/private/hub.key": f"{folder}/hub.pem",
        "/srv/ohif/dist": str(package("@ohif/app", VERSION, INTEGRITY) / "dist"),
        "/srv/ohif/app-config.js": f"{folder}/app-config.js",
    }
    servers = written["nginx"]
    for told, here in places.items():
        if told not in servers:
            raise NotProxied(f"docs/ohif.md does not say {told}")
        servers = servers.replace(told, here)
    temporary = "".join(f"{name}_temp_path {folder}/{name}; " for name in _TEMPORARY)
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, temporary=temporary, servers=servers))
    with _nginx(folder, configuration) as process:
        _wait_for(viewer, process, folder)
        yield address, viewer


@contextmanager
def _nginx(folder: Path, configuration: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = ["nginx", "-p", str(folder), "-c", str(configuration)]
    try:
        with (folder / "out").open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)  # noqa: S603 - our own words
    except FileNotFoundError as error:
        raise NotProxied("nginx is not installed: apt-get install nginx-light") from error
    try:
        yield process
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with httpx2.Client(verify=False, trust_env=False) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.get(f"{address}/index.html").raise_for_status()
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
    raise NotProxied(f"nginx does not answer: {(folder / 'out').read_text()}")
