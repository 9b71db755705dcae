"""One instance in several encodings: kept together, without a task; what else shares its UID is not."""

import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from storage.archive import Archive
from storage.instance import StoredInstance, StoreOutcome
from tests.fixtures.archive import device_at
from tests.fixtures.held import only_instance
from tests.fixtures.instances import data_set, encoded, receive

Store = Callable[..., StoredInstance]


def in_items(**values: Any) -> Dataset:
    inner = Dataset()
    for keyword, value in values.items():
        setattr(inner, keyword, value)
    return inner


def ordinary(**values: Any) -> Dataset:
    uids = {"StudyInstanceUID": "1.2.1", "SeriesInstanceUID": "1.2.2", "SOPInstanceUID": "1.2.3"}
    made = data_set(**uids | values)
    if "RequestAttributesSequence" not in values:
        made.RequestAttributesSequence = [in_items(ScheduledProcedureStepID="1", RequestedProcedureID="odd")]
    made.private_block(0x0009, "ACME", create=True).add_new(1, "LO", "odd")
    return made


def compressed(**values: Any) -> bytes:
    """Return the ordinary instance as a codec would leave it."""
    made = ordinary(**{"PhotometricInterpretation": "MONOCHROME2", "LossyImageCompression": "00"} | values)
    made["PixelData"].VR = "OB"
    made.PixelData = encapsulate([b"not really compressed "])
    made["PixelData"].is_undefined_length = True
    return encoded(made)


OTHER_ENCODINGS = [
    (ordinary(), ImplicitVRLittleEndian),
    (ordinary(NumberOfFrames=1), ImplicitVRLittleEndian),
    (compressed(), RLELossless),
    (compressed(PhotometricInterpretation="YBR_RCT", PlanarConfiguration=0), JPEG2000Lossless),
]


@pytest.mark.parametrize(("other", "transfer_syntax_uid"), OTHER_ENCODINGS)
def test_another_encoding_of_an_instance_is_kept_with_it(
    archive: Archive, store: Store, other: Any, transfer_syntax_uid: str
) -> None:
    assert store(ordinary()).outcome is StoreOutcome.STORED
    first = only_instance(archive)
    kept = store(other, transfer_syntax_uid=transfer_syntax_uid)
    assert kept.outcome is StoreOutcome.KEPT_AS_REPRESENTATION
    for _ in range(2):
        again = store(other, transfer_syntax_uid=transfer_syntax_uid)
        assert again.outcome is StoreOutcome.ALREADY_HELD
    assert only_instance(archive) == first
    (found,) = archive.representations_of([first])[first.instance_key]
    assert found.transfer_syntax_uid == transfer_syntax_uid
    sent = other if isinstance(other, bytes) else encoded(other, transfer_syntax_uid)
    assert b"".join(archive.whole(found)).endswith(sent)
    assert b"".join(archive.whole(first)).endswith(encoded(ordinary()))
    assert len(list(archive.blobs.keys())) == 2
    assert archive.catalogue.unreferenced([found.blob_key, first.blob_key]) == set()


CONFLICTS: list[tuple[str, Any, str]] = [
    ("other pixels", ordinary(PixelData=bytes(64)), ImplicitVRLittleEndian),
    ("the same encoding", ordinary(PixelData=bytes(64)), ExplicitVRLittleEndian),
    ("more frames", compressed(NumberOfFrames=2), RLELossless),
    ("another series", compressed(SeriesInstanceUID="1.2.9"), RLELossless),
    ("another study", compressed(StudyInstanceUID="1.2.9"), RLELossless),
    ("another element", compressed(InstanceNumber=2), RLELossless),
    ("one element more", compressed(StudyComments="new"), RLELossless),
    ("another item", compressed(RequestAttributesSequence=[in_items(RequestedProcedureID="2")]), RLELossless),
    (
        "an item more",
        compressed(RequestAttributesSequence=[in_items(RequestedProcedureID="odd"), Dataset()]),
        RLELossless,
    ),
    ("other lossy words", compressed(ImageType=["DERIVED", "PRIMARY"]), JPEG2000Lossless),
]


@pytest.mark.parametrize(
    ("other", "transfer_syntax_uid"),
    [(other, uid) for _, other, uid in CONFLICTS],
    ids=[name for name, _, _ in CONFLICTS],
)
def test_what_says_something_else_under_the_uid_is_a_conflict(
    archive: Archive, store: Store, other: Any, transfer_syntax_uid: str
) -> None:
    store(ordinary())
    kept = store(other, transfer_syntax_uid=transfer_syntax_uid)
    assert kept.outcome is StoreOutcome.KEPT_AS_CONFLICT
    assert archive.representations_of([only_instance(archive)]) == {}


def test_an_encoding_that_comes_to_another_site_is_an_instance_of_that_site(
    archive: Archive, store: Store
) -> None:
    store(ordinary())
    kept = store(compressed(), device_at("station"), transfer_syntax_uid=RLELossless)
    assert kept.outcome is StoreOutcome.STORED


def test_encodings_that_race_are_kept_once_each(archive: Archive) -> None:
    sent = [
        (encoded(ordinary()), ExplicitVRLittleEndian),
        (encoded(ordinary(), ImplicitVRLittleEndian), ImplicitVRLittleEndian),
        (compressed(), RLELossless),
    ]

    def store(number: int) -> StoreOutcome:
        payload, uid = sent[number % 3]
        arrived = receive(archive.incoming, payload, transfer_syntax_uid=uid)
        try:
            return archive.store(arrived, device_at("township")).outcome
        finally:
            arrived.path.unlink()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(store, range(30)))
    assert outcomes.count(StoreOutcome.STORED) == 1
    assert outcomes.count(StoreOutcome.KEPT_AS_REPRESENTATION) == 2
    assert outcomes.count(StoreOutcome.ALREADY_HELD) == 27
    first = only_instance(archive)
    assert len(archive.representations_of([first])[first.instance_key]) == 2
    assert len(list(archive.blobs.keys())) == 3


def big_endian(dataset: Dataset) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = False, False
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def deflated(dataset: Dataset) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(encoded(dataset)) + packer.flush()


@pytest.mark.parametrize(
    ("write", "transfer_syntax_uid"),
    [(big_endian, ExplicitVRBigEndian), (deflated, DeflatedExplicitVRLittleEndian)],
)
def test_byte_order_and_deflating_make_no_other_instance(
    store: Store, write: Callable[[Dataset], bytes], transfer_syntax_uid: str
) -> None:
    store(ordinary())
    kept = store(write(ordinary()), transfer_syntax_uid=transfer_syntax_uid)
    assert kept.outcome is StoreOutcome.KEPT_AS_REPRESENTATION
