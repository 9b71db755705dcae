"""The built files of the browser application: immutable under names that hold their hash, compressed once."""

import gzip
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from viewer_api.content_coding import accepts_gzip

STATIC_FOLDER: Final = Path(__file__).parent / "static"
APPLICATION_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No inline script, nothing evaluated or compiled, and nothing from elsewhere.

A worker runs under the policy that came with its own file, so the files carry it as the page does.
"""
KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"
_WORTH_COMPRESSING: Final = 512
_COMPRESSED_TYPES: Final = frozenset(
    {"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json", "application/wasm"}
)
_TYPES: Final = {".js": "text/javascript", ".wasm": "application/wasm", ".svg": "image/svg+xml"}


@dataclass(frozen=True, kw_only=True)
class StaticFile:
    """A file as it is sent."""

    body: bytes
    compressed: bytes | None
    """With gzip; None where that gains nothing."""
    media_type: str


@lru_cache(maxsize=256)
def static_file(name: str) -> StaticFile | None:
    """Return a built file by its name, None where there is none."""
    # Only what lies there is opened: no path is made of what was asked for.
    path = next((path for path in STATIC_FOLDER.iterdir() if path.name == name and path.is_file()), None)
    if path is None:
        return None
    body = path.read_bytes()
    guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    media_type = guessed or "application/octet-stream"
    is_compressed = media_type in _COMPRESSED_TYPES and len(body) >= _WORTH_COMPRESSING
    return StaticFile(
        body=body,
        compressed=gzip.compress(body, mtime=0) if is_compressed else None,
        media_type=media_type,
    )


def static_html(body: bytes) -> StaticFile:
    """Return a page that was put together, as it is sent."""
    return StaticFile(body=body, compressed=gzip.compress(body, mtime=0), media_type="text/html")


def answer_with(request: Request, file: StaticFile, *, cache_control: str) -> Response:
    """Return a built file, compressed for a browser that takes that."""
    headers = {
        "Cache-Control": cache_control,
        "Content-Security-Policy": APPLICATION_POLICY,
        "Vary": "Accept-Encoding",
    }
    if file.compressed is not None and accepts_gzip(request):
        return Response(
            file.compressed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"}
        )
    return Response(file.body, media_type=file.media_type, headers=headers)


router = APIRouter(include_in_schema=False)


@router.get("/static/{name}")
async def show_static_file(request: Request, name: str) -> Response:
    """A built file. It holds nothing of anybody, so it is given to everybody."""
    file = static_file(name) if len(name) < 256 and not name.startswith(".") else None
    if file is None:
        return PlainTextResponse("There is no such file.", 404)
    return answer_with(request, file, cache_control=KEPT_FOR_EVER)
