"""The addresses of the browser application: each is answered with the same shell, which shows its page.

The shell holds nothing of anybody: whoever is not signed in gets it too, and it asks them to log in.
"""

from fastapi import APIRouter, Request, Response

from core.errors import NotFound
from viewer_api.response_headers import NEVER_STORED
from viewer_api.static_files import answer_with, static_file

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/read")
@router.get("/send")
@router.get("/clinic")
@router.get("/cases/{study}")
@router.get("/view/{site_id}/{study}")
@router.get("/admin")
@router.get("/account")
@router.get("/login")
async def show_application(request: Request) -> Response:
    """The shell, never stored, so that a browser always loads the newest application."""
    shell = static_file("index.html")
    if shell is None:
        raise NotFound("The browser application is not built: `npm --prefix web run build`.")
    return answer_with(request, shell, cache_control=NEVER_STORED)
