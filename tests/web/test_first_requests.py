"""What a page's HTML names beforehand is what the page asks for: once, and its scripts are all named."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom.data import get_testdata_file

from tests.web.conftest import WebHub, view_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.tool("chromium")
NAMED = re.compile(r'(?:href|src)="(/[^"]+)"')
LATER = re.compile(r"/static/(?:Viewer-|jpegls\.worker-)")
"""The viewer comes after the list, and its decoder with the first image that needs it."""


def test_what_the_page_names_is_asked_for_once_and_every_script_is_named(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    image = Path(str(get_testdata_file("CT_small.dcm", download=False)))
    [dataset] = hub.store([image])
    for address, there, data in (
        (f"{hub.url}/read", ".list", 1),
        (view_of(hub, dataset.StudyInstanceUID), "canvas[data-shown$=full]", 2),
    ):
        page = sign_in("reader", locale="en-GB")
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url.removeprefix(hub.url)))
        answer = page.goto(address)
        assert answer is not None
        page.locator(there).first.wait_for()
        named = set(NAMED.findall(answer.text()))
        times = Counter(asked)
        assert len([each for each in named if not each.startswith("/static/")]) == data
        assert {each: times[each] for each in named} == dict.fromkeys(named, 1)
        assert [each for each in times if each.endswith(".js") and not LATER.match(each)] == [
            each for each in times if each.endswith(".js") and each in named and not LATER.match(each)
        ]
