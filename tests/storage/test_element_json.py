"""Metadata in the DICOM JSON model: against pydicom's on every file it ships, and what it cannot judge."""

import base64
import io
import json
import warnings
from pathlib import Path
from typing import Any

import data_store
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.errors import InvalidInstance
from storage.dicom_json import encoded as encoded_json
from storage.element_header import DEFLATED, announced_encoding
from storage.element_json import INLINE_LIMIT, tree_json
from storage.element_tree import Tree, read_tree
from storage.element_values import little_endian
from storage.part10 import read_part10_preamble
from tests.fixtures.encoded_elements import explicit
from tests.fixtures.instances import data_set, encoded

SHIPPED = sorted(Path(str(get_testdata_file("CT_small.dcm"))).parent.glob("*.dcm")) + sorted(
    (Path(data_store.__file__).parent / "data").glob("*.dcm")
)
# Private elements by pydicom's own dictionary, a sequence under the VR of text, elements below group 0002.
READ_OTHERWISE = {
    "J2K_pixelrep_mismatch.dcm",
    "badVR.dcm",
    "meta_missing_tsyntax.dcm",
    "nested_priv_SQ.dcm",
    "priv_SQ.dcm",
}
BULK = "http://hub/bulkdata"


def tree_of(file: Path) -> Tree | None:
    """Return the tree of a file whose data set lies in it as it is."""
    with file.open("rb") as stream:
        try:
            header = read_part10_preamble(stream)
        except InvalidInstance:
            return None
        if header.transfer_syntax_uid in DEFLATED:
            return None
        return read_tree(
            stream,
            start=header.data_set_offset,
            end=file.stat().st_size,
            encoding=announced_encoding(header.transfer_syntax_uid),
        )


def json_of(dataset: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> dict[str, Any]:
    return json_of_bytes(encoded(dataset, transfer_syntax_uid), transfer_syntax_uid)


def json_of_bytes(raw: bytes, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> dict[str, Any]:
    tree = read_tree(io.BytesIO(raw), start=0, end=len(raw), encoding=announced_encoding(transfer_syntax_uid))
    written: dict[str, Any] = json.loads(encoded_json(tree_json(tree, BULK)))
    return written


def plain(element: Any) -> Any:
    """Return an element in a form in which two writers agree: empty values, bulk data and padding aside."""
    if element["vr"] == "SQ":
        return [
            {tag: plain(value) for tag, value in item.items() if not tag.endswith("0000")}
            for item in element.get("Value", [])
        ]
    if "BulkDataURI" in element or "InlineBinary" in element:
        return "bytes"
    values = [value.strip() if isinstance(value, str) else value for value in element.get("Value", [])]
    return [str(element["vr"]), *(value or None for value in values)]


TREES = {
    file: tree for file in SHIPPED if file.name not in READ_OTHERWISE and (tree := tree_of(file)) is not None
}


@pytest.mark.parametrize("file", TREES, ids=lambda file: file.name)
def test_metadata_says_what_pydicom_reads(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pydicom.dcmread(file, force=True).to_json_dict(
            bulk_data_threshold=1, bulk_data_element_handler=lambda _: "bulk", suppress_invalid_tags=True
        )
    ours = tree_json(TREES[file], BULK)
    for tag, element in theirs.items():
        if tag != "00080005" and not tag.endswith("0000"):
            assert plain(ours[tag]) == plain(element), tag


def test_the_samples_are_many() -> None:
    assert len(TREES) > 100


@pytest.mark.parametrize("transfer_syntax_uid", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_values_have_the_form_of_their_vr(transfer_syntax_uid: str) -> None:
    item = Dataset()
    item.CodeValue = "1"
    found = json_of(
        data_set(
            PatientName="Zhang^San=张^三=zhang^san",
            OtherPatientNames=["A^B", "C^D"],
            SeriesNumber=7,
            PixelSpacing=[0.5, 1],
            ImageType=["ORIGINAL", "", "X"],
            WindowCenter="",
            ProcedureCodeSequence=[item],
            ReferencedStudySequence=[],
            FrameIncrementPointer=0x00181063,
            SmallestImagePixelValue=3,
        ),
        transfer_syntax_uid,
    )
    assert found["00100010"] == {
        "vr": "PN",
        "Value": [{"Alphabetic": "Zhang^San", "Ideographic": "张^三", "Phonetic": "zhang^san"}],
    }
    assert found["00101001"]["Value"] == [{"Alphabetic": "A^B"}, {"Alphabetic": "C^D"}]
    assert found["00200011"] == {"vr": "IS", "Value": [7]}
    assert found["00280030"] == {"vr": "DS", "Value": [0.5, 1.0]}
    assert found["00080008"] == {"vr": "CS", "Value": ["ORIGINAL", None, "X"]}
    assert found["00281050"] == {"vr": "DS"}
    assert found["00081032"] == {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["1"]}}]}
    assert found["00081110"] == {"vr": "SQ"}
    assert found["00280009"] == {"vr": "AT", "Value": ["00181063"]}
    assert found["00280106"] == {"vr": "US", "Value": [3]}
    assert found["00080005"] == {"vr": "CS", "Value": ["ISO_IR 192"]}
    assert found["7FE00010"]["BulkDataURI"] == f"{BULK}/7FE00010"


@pytest.mark.parametrize(
    ("tag", "vr", "value", "written"),
    [
        (0x00200013, "IS", b"1A", ["1A"]),
        (0x00280030, "DS", b"0.5\\x\\1E3 ", [0.5, "x", 1000.0]),
        (0x00280030, "DS", b"1e999 ", ["1e999"]),
        (0x00280030, "DS", b"NaN ", ["NaN"]),
        (0x00189073, "FD", b"\x00\x00\x00\x00\x00\x00\xf8\x7f", ["nan"]),
        (0x00280010, "US", b"\x01\x02\x03", [513]),
        (0x00280010, "US", b"\x01", None),
        (0x00100010, "PN", b"<script>alert(1)</script>", [{"Alphabetic": "<script>alert(1)</script>"}]),
        (0x00100010, "PN", b"==", None),
        (0x00100010, "PN", b"\xff\xfe", [{"Alphabetic": "ÿþ"}]),
        (0x00081030, "LO", b'say "x"\x01', ['say "x"\x01']),
    ],
)
def test_what_devices_write_against_the_rules_is_given_as_it_is(
    tag: int, vr: str, value: bytes, written: Any
) -> None:
    assert json_of_bytes(explicit(tag, vr, value))[f"{tag:08X}"].get("Value") == written


def test_chinese_without_a_proper_label_reads_as_in_the_catalogue() -> None:
    raw = explicit(0x00080005, "CS", b"GB2312") + explicit(0x00100010, "PN", "李^運".encode("gb18030"))
    assert json_of_bytes(raw)["00100010"]["Value"] == [{"Alphabetic": "李^運"}]


def test_an_items_own_character_set_holds_inside_it_only() -> None:
    item = Dataset()
    item.SpecificCharacterSet = "GB18030"
    item.InstitutionName = "兴隆镇"
    found = json_of(data_set(RequestAttributesSequence=[item], InstitutionName="青山"))
    assert found["00400275"]["Value"][0]["00080080"]["Value"] == ["兴隆镇"]
    assert found["00080080"]["Value"] == ["青山"]


@pytest.mark.parametrize(
    ("length", "is_inline"), [(2, True), (INLINE_LIMIT, True), (INLINE_LIMIT + 2, False)]
)
def test_small_binary_values_are_inline_and_long_ones_have_an_address(
    length: int, *, is_inline: bool
) -> None:
    value = bytes(length)
    item = Dataset()
    item.IconImageSequence = []
    item.add_new(0x00420011, "OB", value)
    found = json_of(data_set(EncapsulatedDocument=value, ContentSequence=[item]))
    nested = found["0040A730"]["Value"][0]["00420011"]
    if is_inline:
        assert base64.b64decode(found["00420011"]["InlineBinary"]) == value
        assert base64.b64decode(nested["InlineBinary"]) == value
    else:
        assert found["00420011"] == {"vr": "OB", "BulkDataURI": f"{BULK}/00420011"}
        assert nested["BulkDataURI"] == f"{BULK}/0040A730/1/00420011"


def test_long_text_has_an_address_too() -> None:
    found = json_of(data_set(TextValue="x" * 70_000))
    assert found["0040A160"] == {"vr": "UT", "BulkDataURI": f"{BULK}/0040A160"}


def test_big_endian_binary_is_given_in_little_endian() -> None:
    table = bytes(range(256)) * 2
    dataset = data_set(PixelData=None)
    dataset.add_new(0x00281201, "OW", little_endian(table, "OW"))
    raw = io.BytesIO()
    pydicom.dcmwrite(raw, dataset, implicit_vr=False, little_endian=False, force_encoding=True)
    found = json_of_bytes(raw.getvalue(), ExplicitVRBigEndian)
    assert base64.b64decode(found["00281201"]["InlineBinary"]) == table
    assert found["00280010"] == {"vr": "US", "Value": [8]}


@pytest.mark.parametrize(
    ("value", "vr", "swapped"),
    [
        (b"abcd", "OB", b"abcd"),
        (b"abcd", "OW", b"badc"),
        (b"abcdefgh", "OF", b"dcbahgfe"),
        (b"abcdefgh", "OD", b"hgfedcba"),
        (b"abc", "OW", b"bac"),
    ],
)
def test_words_are_turned_by_their_size(value: bytes, vr: str, swapped: bytes) -> None:
    assert little_endian(value, vr) == swapped


@settings(max_examples=300)
@given(
    raw=st.binary(max_size=300),
    uid=st.sampled_from(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"]),
)
def test_any_bytes_are_read_as_far_as_they_go(raw: bytes, uid: str) -> None:
    assert all(len(tag) == 8 and element["vr"] for tag, element in json_of_bytes(raw, uid).items())


@settings(max_examples=100)
@given(cut=st.integers(0, 900), flip=st.integers(0, 900), bits=st.integers(1, 255))
def test_a_damaged_instance_never_stops_its_metadata(cut: int, flip: int, bits: int) -> None:
    item = Dataset()
    item.CodeMeaning = "Liver"
    raw = bytearray(encoded(data_set(ProcedureCodeSequence=[item, item])))
    raw[flip % len(raw)] ^= bits
    found = json_of_bytes(bytes(raw[: max(1, len(raw) - cut)]))
    assert all(len(tag) == 8 and element["vr"] for tag, element in found.items())
