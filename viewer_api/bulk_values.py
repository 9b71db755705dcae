"""One value of an instance as bytes, whole or a range of it (PS3.18 10.4.1.1.5)."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from renditions.pixel_data import fragments_of
from storage.element_tree import Element
from storage.element_values import little_endian
from storage.instance import Instance
from storage.instance_content import Content, opened
from viewer_api.byte_ranges import ByteRange, asked_range
from viewer_api.dicom_web_root import Retrieval
from viewer_api.entity_tags import is_held
from viewer_api.multipart import begun
from viewer_api.response_headers import UNCHANGING

RANGES: Final = {"Accept-Ranges": "bytes"}


def location_of(retrieval: Retrieval, instance: Instance, path: str) -> str:
    """Return the address of a value, below its site's root."""
    return f"{retrieval.root.url_of(instance)}/bulkdata/{path}"


def single_value(
    request: Request, retrieval: Retrieval, instance: Instance, path: str, element: Element, content_type: str
) -> Response:
    """Answer with a value in one piece; only native values in little endian are given by ranges.

    Raises:
        RangeNotSatisfiable: the value is shorter than the range that is asked for begins.
    """
    entity_tag = f'"{instance.digest}-{path.replace("/", "-").upper()}"'
    headers = UNCHANGING | {
        "Content-Location": location_of(retrieval, instance, path),
        "ETag": entity_tag,
    }
    if is_held(request.headers.get("if-none-match"), entity_tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    wanted = None
    if not element.fragmented and not element.encoding.big_endian:
        headers |= RANGES
        asked, only_if = request.headers.get("range"), request.headers.get("if-range")
        wanted = asked_range(asked, only_if, whole=element.length, entity_tag=entity_tag)
        headers["Content-Length"] = str(wanted.length if wanted else element.length)
    if wanted is not None:
        headers["Content-Range"] = wanted.content_range
    return StreamingResponse(
        begun(value_chunks(retrieval, instance, path, wanted)),
        HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK,
        media_type=content_type,
        headers=headers,
    )


def value_chunks(
    retrieval: Retrieval, instance: Instance, path: str, wanted: ByteRange | None = None
) -> Iterator[bytes]:
    """Yield a value in little endian, or a range of one that lies so; encapsulated octets without items."""
    with opened(retrieval.archive, instance) as content:
        yield from chunks_of(content, content.element(path), wanted)


def chunks_of(content: Content, element: Element, wanted: ByteRange | None = None) -> Iterator[bytes]:
    """Yield a value of an open instance, as `value_chunks` does."""
    if element.fragmented:
        yield from fragments_of(content, element)
        return
    offset, length = element.offset, element.length
    if wanted is not None:
        offset, length = offset + wanted.first, wanted.length
    for chunk in content.chunks(offset, length):
        yield little_endian(chunk, element.vr) if element.encoding.big_endian else chunk
