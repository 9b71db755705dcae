"""OHIF in a real browser in front of a served edge, as docs/ohif.md sets it up: it shows what the hub has.

OHIF asks for metadata, frames and bulk data (PS3.18 10.4) and decodes them itself; what stands on its canvas
is held against pydicom's pixels and samples.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.dataset import FileDataset
from pydicom.pixels import apply_windowing, pixel_array
from pydicom.uid import DigitalXRayImageStorageForPresentation

from bench.canvas import Picture, canvas, difference
from bench.ohif import CANVAS, NO_TOUR, proxied
from tests.conformance.clients.downloads import EVERYTHING_ASKED, skipped_without_npm
from tests.fixtures.ports import free_ports
from tests.viewer_api.conftest import PASSWORD, Edge, served
from tests.viewer_api.stored import CINE, ECG, RADIOGRAPH, part10, sample, store
from viewer_api.app import create_app
from viewer_api.rooms import HttpSettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.skipif(
        not EVERYTHING_ASKED, reason="takes 50 MB from npm and a minute of a core: make clients"
    ),
    pytest.mark.tool("npm", "nginx", "chromium"),
    pytest.mark.timeout(600),
]
PATIENCE_SECONDS = 60.0


@dataclass
class Viewer:
    """OHIF, and a browser's page for it."""

    edge: Edge
    page: "Page"
    hub: str
    url: str

    def log_in(self) -> None:
        """Get the reader's session cookie, which the hub's own page would get."""
        credentials = {"username": "reader", "password": PASSWORD}
        assert self.page.request.post(f"{self.hub}/api/v1/login", data=credentials).ok

    def open(self, dataset: FileDataset) -> None:
        """Store a study as a device would, and open it."""
        store(self.edge.rooms.archive, self.edge.consultation.clock, part10(dataset))
        self.page.goto(f"{self.url}/viewer?StudyInstanceUIDs={dataset.StudyInstanceUID}")
        self.page.wait_for_selector(CANVAS, timeout=PATIENCE_SECONDS * 1000)

    def canvas(self) -> Picture:
        """Return what stands on the canvas, as rows, columns and colours."""
        return canvas(self.page, CANVAS)

    def shows(
        self, measure: Callable[[Picture], float], most: float, seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Measure the canvas until it is no more than `most`; false where that does not come in time."""
        deadline = time.monotonic() + seconds
        while (measured := measure(self.canvas())) > most and time.monotonic() < deadline:
            self.page.wait_for_timeout(500)
        return measured <= most


@pytest.fixture
def viewer(edge: Edge, browser: "Browser", tmp_path: Path) -> Iterator[Viewer]:
    """OHIF beside the hub behind one proxy, and nobody logged in."""
    proxies = (ip_network("127.0.0.1"),)
    app = create_app(edge.rooms, HttpSettings(trusted_proxies=proxies))
    first, second = free_ports(2)
    with (
        skipped_without_npm(),
        served(app) as address,
        proxied(address, tmp_path, (first, second)) as (hub, url),
    ):
        app.state.settings = HttpSettings(trusted_proxies=proxies, public_url=hub)
        context = browser.new_context(ignore_https_errors=True)
        context.add_init_script(NO_TOUR)
        yield Viewer(edge=edge, page=context.new_page(), hub=hub, url=url)
        context.close()


def test_who_has_no_session_is_led_to_the_log_in_and_then_sees_the_list(viewer: Viewer) -> None:
    """PS3.18 10.6, asked with the hub's session: 401 without one."""
    dataset = sample(ECG, PatientName="Zhang^San")
    store(viewer.edge.rooms.archive, viewer.edge.consultation.clock, part10(dataset))
    viewer.page.goto(viewer.url)
    viewer.page.wait_for_url(f"{viewer.hub}/", timeout=PATIENCE_SECONDS * 1000)
    viewer.log_in()
    viewer.page.goto(viewer.url)
    viewer.page.get_by_text("Zhang, San").first.wait_for(timeout=PATIENCE_SECONDS * 1000)


def test_a_cine_in_colour_is_shown_from_its_first_frame_to_its_last(viewer: Viewer) -> None:
    """PS3.18 10.4: JPEG frames as they are stored."""
    first, last = (pixel_array(CINE, index=index) for index in (0, 119))
    assert np.ptp(last, axis=2).max() > 90  # there are colours to be seen
    viewer.log_in()
    viewer.open(sample(CINE))
    for key, frame, other in (("Home", first, last), ("End", last, first)):
        viewer.page.locator(CANVAS).hover()
        viewer.page.keyboard.press(key)
        assert viewer.shows(lambda shown, frame=frame: difference(shown, frame), 0.4)
        assert difference(viewer.canvas(), other) > 0.8


def radiograph(**values: Any) -> FileDataset:
    """Return the sample as a digital radiograph; it states a Pixel Spacing of 0."""
    digital = {"Modality": "DX", "SOPClassUID": DigitalXRayImageStorageForPresentation}
    dataset = sample(RADIOGRAPH, **digital, **values)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    return dataset


def test_a_radiograph_is_shown_in_its_window(viewer: Viewer) -> None:
    """PS3.18 10.4: 15 bits of MONOCHROME1 as octets, window and spacing from the metadata."""
    dataset = radiograph(PixelSpacing=[0.2, 0.2])
    white = 2**dataset.BitsStored - 1
    windowed = apply_windowing(pixel_array(RADIOGRAPH), dataset)
    expected = np.rint(255 * (1 - windowed / white)).astype(np.uint8)
    viewer.log_in()
    viewer.open(dataset)
    assert viewer.shows(lambda shown: difference(shown, expected), 1.5)


def test_a_radiograph_that_states_a_spacing_of_zero_stays_black_in_ohif(viewer: Viewer) -> None:
    """PS3.18 10.4: all pixels arrive, from any server (docs/ohif.md); when this fails, OHIF has mended it."""
    viewer.log_in()
    with viewer.page.expect_response("**/frames/1", timeout=PATIENCE_SECONDS * 1000) as frame:
        viewer.open(radiograph())
    assert len(frame.value.body()) > 7_000_000
    assert not viewer.shows(lambda shown: float(shown.max() == 0), 0, seconds=10)


def test_an_electrocardiogram_is_drawn_from_its_samples(viewer: Viewer) -> None:
    """PS3.18 10.4, bulk data as octets: the uppermost trace is lead I, the lowest V6."""
    dataset = sample(ECG)
    samples = dataset.waveform_array(0)
    viewer.log_in()
    viewer.open(dataset)

    def unlikeness(shown: Picture) -> float:
        height, width = shown.shape[:2]
        traces = shown[..., 2] > 60  # white, where the grid is red and the names of leads are yellow
        begins = np.arange(width) * len(samples) // width
        rows = np.arange(height)[:, np.newaxis]
        upper = height - np.where(traces, rows, height).min(axis=0)
        lower = height - np.where(traces, rows, -1).max(axis=0)
        pairs = (
            (upper, np.maximum.reduceat(samples[:, 0], begins)),
            (lower, np.minimum.reduceat(samples[:, 11], begins)),
        )
        right = slice(width // 5, None)  # of the names, which hide the traces
        if not all(np.ptp(drawn[right]) for drawn, _ in pairs):
            return 1.0
        return 1 - min(np.corrcoef(drawn[right], measured[right])[0, 1] for drawn, measured in pairs)

    assert viewer.shows(unlikeness, 0.05)
