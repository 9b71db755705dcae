"""OHIF in front of the hub as docs/ohif.md says, word for word: only places and ports are the test's own."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import trustme

from tests.conformance.clients.downloads import package
from tests.fixtures.ports import free_ports

VERSION = "3.13.2"
INTEGRITY = "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "ohif.md"
BLOCK = re.compile(r"```(nginx|js)\n(.*?)```", re.DOTALL)
START_SECONDS = 20.0
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ }}
http {{
  include /etc/nginx/mime.types;
  access_log off;
  {temporary}
  {servers}
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def proxied(hub: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Serve the hub at `hub` and OHIF beside it by HTTPS; yields the addresses of both."""
    ports = free_ports(2)
    address, viewer = (f"https://localhost:{port}" for port in ports)
    written = dict(BLOCK.findall(GUIDE.read_text(encoding="utf-8")))
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
        assert told in servers, told
        servers = servers.replace(told, here)
    temporary = "".join(f"{name}_temp_path {folder}/{name}; " for name in TEMPORARY)
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, temporary=temporary, servers=servers))
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(["nginx", "-p", folder, "-c", configuration], stdout=out, stderr=out)
    try:
        _wait_for(viewer, process, folder)
        yield address, viewer
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client(verify=False, trust_env=False) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.get(f"{address}/index.html").raise_for_status()
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return
    raise AssertionError(f"nginx does not answer: {(folder / 'out').read_text()}")
