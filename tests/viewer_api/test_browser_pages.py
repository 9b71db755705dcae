"""The shell of the browser application and its built files."""

import gzip
import re
from pathlib import Path

import pytest

from tests.viewer_api.conftest import Edge
from viewer_api.authentication import SESSION_COOKIE
from viewer_api.static_files import STATIC_FOLDER

PAGES = ["/", "/read", "/send", "/clinic", "/cases/1.2.3", "/admin", "/account", "/login"]
HINT = re.compile(
    r'<link rel="(?:modulepreload|stylesheet|preload)"(?: as="fetch")? crossorigin href="([^"]+)">(?!\n)'
)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|https?://", re.IGNORECASE)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_is_the_same_shell_for_everybody_and_is_never_stored(edge: Edge, page: str) -> None:
    answer = edge.client().get(page)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert HINT.sub("", answer.text) == (STATIC_FOLDER / "index.html").read_text(encoding="utf-8")
    assert answer.headers["cache-control"] == "no-store"


def test_the_policy_lets_no_inline_script_and_nothing_foreign_in(edge: Edge) -> None:
    policy = edge.client().get("/read").headers["content-security-policy"]
    directives = dict(part.split(None, 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["worker-src"] == directives["connect-src"] == directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert "unsafe-inline" not in policy
    assert ":" not in policy.replace("blob:", "").replace("data:", "")


def test_the_shell_has_nothing_that_its_policy_forbids_and_names_files_that_are_there(edge: Edge) -> None:
    html = (STATIC_FOLDER / "index.html").read_text(encoding="utf-8")
    assert not INLINE.search(html)
    named = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert any(name.endswith(".js") for name in named)
    for name in named:
        assert edge.client().get(name).status_code == 200, name


def test_a_built_file_is_kept_for_ever_compressed_and_under_the_policy_of_the_page(edge: Edge) -> None:
    script = next(STATIC_FOLDER.glob("shell-*.js"))
    answer = edge.client().get(f"/static/{script.name}")
    assert answer.content == script.read_bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (
        answer.headers["content-security-policy"]
        == (edge.client().get("/read").headers["content-security-policy"])
    )
    plain = edge.client().get(f"/static/{script.name}", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert int(answer.headers["content-length"]) == len(gzip.compress(plain.content, mtime=0))


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Fapp.py", "%2e%2e", "..%5Capp.py", ".", "index.html%00", "a" * 5000]
)
def test_nothing_but_the_built_files_is_given(edge: Edge, name: str) -> None:
    assert edge.client().get(f"/static/{name}").status_code == 404


def test_every_built_file_is_named_by_its_hash_or_asked_for_with_one() -> None:
    fixed = {path.name for path in Path(STATIC_FOLDER).iterdir() if not re.search(r"-[\w-]{8}\.", path.name)}
    assert fixed == {"index.html", "manifest.json", "icon.svg", "page.css"}


def hints(edge: Edge, page: str, **headers: str) -> list[str]:
    return HINT.findall(edge.client().get(page, headers=headers).text)


@pytest.mark.parametrize("page", [*PAGES[1:-1], "/view/xinglong-clinic/1.2.3"])
def test_each_page_names_its_own_scripts_and_words_and_they_are_there(edge: Edge, page: str) -> None:
    chinese = hints(edge, page)
    english = hints(edge, page, **{"Accept-Language": "fr, en-GB;q=0.8, zh;q=0.5"})
    assert chinese != english
    folder = page.split("/")[1]
    assert any(name.startswith(f"/static/{folder}-") for name in chinese)
    for name in {*chinese, *english}:
        assert name.startswith("/static/")
        assert edge.client().get(name).status_code == 200, name


def test_data_is_named_only_to_a_browser_that_is_signed_in_and_only_of_what_can_be_a_study(
    edge: Edge,
) -> None:
    signed_in = {"Cookie": f"{SESSION_COOKIE}=anything"}
    assert hints(edge, "/read", **signed_in)[0] == "/api/v1/worklist?limit=300"
    study = "/dicom-web/sites/xinglong-clinic/studies/1.2.3"
    assert hints(edge, "/view/xinglong-clinic/1.2.3", **signed_in)[:2] == [
        f"{study}/metadata",
        f"{study}/instances",
    ]
    for page in ('/view/xinglong-clinic/1.2"><script>', "/view/Xing long/1.2", "/view/xinglong-clinic/1a2"):
        answer = edge.client().get(page, headers=signed_in)
        assert answer.content == (STATIC_FOLDER / "index.html").read_bytes()
