"""What a page's HTML names beforehand is what the page asks for: once, and nothing besides."""

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
HINTED = "[...document.querySelectorAll('link[rel$=preload]')].map(({ href }) => href)"


def test_what_the_page_names_is_asked_for_once_and_before_any_script_has_run(
    hub: WebHub, sign_in: "Callable[..., Page]"
) -> None:
    image = Path(str(get_testdata_file("CT_small.dcm", download=False)))
    [dataset] = hub.store([image])
    for address, there in (
        (f"{hub.url}/read", ".list"),
        (view_of(hub, dataset.StudyInstanceUID), "canvas[data-shown$=full]"),
    ):
        page = sign_in("reader", locale="en-GB")
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(address, wait_until="commit")
        page.locator(there).first.wait_for()
        times = Counter(asked)
        hinted = set(page.evaluate(HINTED))
        assert len([each for each in hinted if "/static/" not in each]) >= 1
        assert {each: times[each] for each in hinted} == dict.fromkeys(hinted, 1)
        late = [
            each for each in times if each.endswith(".js") and each not in hinted and "/index-" not in each
        ]
        assert [each for each in late if "/Viewer-" not in each] == []
