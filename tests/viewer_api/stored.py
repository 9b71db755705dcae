"""Instances for the edge to give out: public samples under fresh UIDs, stored as a device would send them."""

import io
import struct
import warnings
from pathlib import Path
from typing import Any

import data_store
import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from core.uids import new_uid
from storage.archive import Archive
from storage.instance import StoredInstance
from tests.fixtures.archive import device_at
from tests.fixtures.clock import FixedClock
from tests.fixtures.consultation import XINGLONG
from tests.fixtures.instances import data_set

DATA = Path(data_store.__file__).parent / "data"
CINE, RADIOGRAPH, PALETTE = (
    DATA / "color3d_jpeg_baseline.dcm",
    DATA / "RG1_UNCR.dcm",
    DATA / "OBXXXX1A_2frame.dcm",
)
ECG, DEFLATED, BIG_ENDIAN = (
    Path(str(get_testdata_file(name)))
    for name in ("waveform_ecg.dcm", "image_dfl.dcm", "MR_small_bigendian.dcm")
)


def sample(path: Path, **values: Any) -> FileDataset:
    """Return a sample with fresh UIDs; `values` replace its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        uids = {keyword: new_uid() for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
        for keyword, value in (uids | values).items():
            setattr(dataset, keyword, value)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.preamble = bytes(128)
        return dataset


def small(**values: Any) -> Dataset:
    """Return a small ultrasound image that can be written to a file; `values` replace its own."""
    dataset = data_set(**values)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def part10(dataset: Dataset) -> bytes:
    """Return a data set as a file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def store(archive: Archive, clock: FixedClock, file: bytes, site_id: str = XINGLONG) -> StoredInstance:
    """Store a file as a device of the site would send it."""
    with archive.incoming.new_file(clock.now()) as incoming:
        incoming.write_part10(file)
        return archive.store(incoming.sealed_part10(), device_at(site_id))


def path_of(stored: StoredInstance, *, at_site: bool = False) -> str:
    """Return the path of an instance below the union root, or below its site's."""
    root = f"/dicom-web/sites/{stored.site_id}" if at_site else "/dicom-web"
    return (
        f"{root}/studies/{stored.study_instance_uid}/series/{stored.series_instance_uid}"
        f"/instances/{stored.sop_instance_uid}"
    )


def parts_of(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """Take a multipart message apart, strictly: (Content-Type, bytes) of each part."""
    boundary = content_type.rsplit("boundary=", 1)[1].encode()
    first, *pieces, last = body.split(b"--" + boundary)
    assert first == b""
    assert last == b"--\r\n"
    parts = []
    for piece in pieces:
        head, _, payload = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        assert payload.endswith(b"\r\n")
        if "Content-Length" in headers:
            assert int(headers["Content-Length"]) == len(payload) - 2
        parts.append((headers["Content-Type"], payload[:-2]))
    return parts


def multipart(
    *files: bytes, boundary: str = "hub-test-boundary", part_type: str = "application/dicom"
) -> bytes:
    """Return the body of a STOW-RS request."""
    parts = [f"--{boundary}\r\nContent-Type: {part_type}\r\n\r\n".encode() + file + b"\r\n" for file in files]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


STOW_TYPE = 'multipart/related; type="application/dicom"; boundary=hub-test-boundary'


def data_set_of(file: bytes) -> bytes:
    """Return the data set inside a file that has a group length, as ours do."""
    (length,) = struct.unpack_from("<L", file, 140)
    return file[144 + length :]
