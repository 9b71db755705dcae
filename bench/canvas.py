"""What stands on a canvas, held against the picture that should stand there."""

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

Picture = NDArray[np.float64]


def canvas(page: "Page", selector: str) -> Picture:
    """Return what stands on a page's canvas, as rows, columns and colours."""
    url = page.evaluate(f"document.querySelector('{selector}').toDataURL('image/png')")
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"), dtype=np.float64)


def difference(shown: Picture, expected: NDArray[np.uint8]) -> float:
    """Return by how many of 255 steps a canvas differs in the mean from an image fitted into its middle."""
    height, width = shown.shape[:2]
    image = Image.fromarray(expected).convert("RGB")
    scale = min(width / image.width, height / image.height)
    size = round(image.width * scale), round(image.height * scale)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    fitted = np.asarray(image.resize(size, Image.Resampling.BILINEAR), dtype=np.float64)
    return float(np.abs(shown[top : top + size[1], left : left + size[0]] - fitted).mean())
