"""The addresses of the browser application: each is answered with the same shell, which shows its page.

The shell holds nothing of anybody: whoever is not signed in gets it too, and it asks them to log in.
"""

import re
from typing import Final

from fastapi import APIRouter, Request, Response

from core.errors import NotFound
from core.uids import MAXIMUM_UID_LENGTH
from viewer_api.dicom_web_root import SITE_ID
from viewer_api.page_hints import OTHERS, READ, Hints, view, with_hints
from viewer_api.response_headers import NEVER_STORED
from viewer_api.static_files import answer_with, static_file, static_html

router = APIRouter(include_in_schema=False)
_SITE: Final = re.compile(SITE_ID, re.ASCII)
_UID: Final = re.compile(rf"[0-9.]{{1,{MAXIMUM_UID_LENGTH}}}", re.ASCII)


@router.get("/")
@router.get("/login")
async def show_application(request: Request) -> Response:
    """The shell, never stored, so that a browser always loads the newest application."""
    return _shell(request, None)


@router.get("/read")
async def show_reading_room(request: Request) -> Response:
    """The shell, with what the reading room begins with."""
    return _shell(request, READ)


@router.get("/send")
@router.get("/clinic")
@router.get("/cases/{study}")
@router.get("/admin")
@router.get("/account")
async def show_page(request: Request) -> Response:
    """The shell, with the scripts of the page."""
    return _shell(request, OTHERS[request.url.path.split("/")[1]])


@router.get("/view/{site_id}/{study}")
async def show_viewer(request: Request, site_id: str, study: str) -> Response:
    """The shell, with what the images of a study begin with."""
    is_study = _SITE.fullmatch(site_id) and _UID.fullmatch(study)
    return _shell(request, view(site_id, study) if is_study else None)


def _shell(request: Request, hints: Hints | None) -> Response:
    shell = static_file("index.html")
    if shell is None:
        raise NotFound("The browser application is not built: `npm --prefix web run build`.")
    if hints is not None:
        shell = static_html(with_hints(shell.body, hints, request))
    return answer_with(request, shell, cache_control=NEVER_STORED)
