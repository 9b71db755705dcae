"""One frame with all that says how to read and show it: what is handed to whoever decodes it. Pure."""

from dataclasses import dataclass

from pydicom import Dataset
from pydicom.encaps import encapsulate

from core.limits import FRAME_PIXELS
from imaging.codestream import claimed_pixels
from imaging.decoding import Decoded, decode, undecodable
from renditions.allowance import Allowance, allowance_for

_PIXEL_DATA = 0x7FE00010


@dataclass(frozen=True, kw_only=True)
class FrameImage:
    """The attributes of an image without its pixels, and one of its frames as it is stored."""

    attributes: Dataset
    frame: bytes
    is_encapsulated: bool
    bits_allocated: int
    number: int = 1
    """Which frame of its instance it is, from 1."""

    def allowance(self) -> Allowance:
        """Return what decoding it may take.

        Raises:
            UnsupportedTransferSyntax: it is larger than is decoded here, or its frame is larger than the
                image says: nothing was allocated for it.
        """
        rows, columns = int(self.attributes.get("Rows") or 0), int(self.attributes.get("Columns") or 0)
        require_size(rows, columns)
        if self.is_encapsulated and (claimed_pixels(self.frame) or 0) > rows * columns:
            raise undecodable("has a compressed frame that is larger than its attributes say")
        samples = int(self.attributes.get("SamplesPerPixel") or 1)
        return allowance_for(rows=rows, columns=columns, samples=samples, encoded=len(self.frame))

    def decoded(self, *, as_coded: bool = False) -> Decoded:
        """Return it as numbers; `as_coded` leaves luminance and chrominance as they are.

        Raises:
            UnsupportedTransferSyntax: broken, or compressed in a way not known here.
        """
        image = self.attributes
        image.NumberOfFrames = 1
        padding = b"\0" * (len(self.frame) % 2)
        payload = encapsulate([self.frame]) if self.is_encapsulated else self.frame + padding
        image.add_new(_PIXEL_DATA, "OW" if self.bits_allocated > 8 else "OB", payload)
        image["PixelData"].is_undefined_length = self.is_encapsulated
        return decode(image, self.frame, most_pixels=FRAME_PIXELS, number=self.number, as_coded=as_coded)


def require_size(rows: int, columns: int) -> None:
    """Raise UnsupportedTransferSyntax where frames of this size are not decoded here."""
    if rows * columns > FRAME_PIXELS:
        raise undecodable(f"has more than {FRAME_PIXELS} pixels a frame")
