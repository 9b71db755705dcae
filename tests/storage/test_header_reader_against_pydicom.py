"""Every sample file at hand: each attribute is what pydicom reads, or the file is named below."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import data_store
import pydicom
import pydicom.data
import pytest
from pydicom.config import disable_value_validation
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.multival import MultiValue
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import DA, TM

from core.errors import InvalidInstance
from storage.header_reader import read_header
from storage.instance_header import InstanceHeader
from storage.part10 import read_part10_preamble

BESIDE_PYDICOM = Path(pydicom.data.__file__).parent
FOLDERS = {
    "pydicom": BESIDE_PYDICOM / "test_files",
    "charset": BESIDE_PYDICOM / "charset_files",
    "palettes": BESIDE_PYDICOM / "palettes",
    "pydicom-data": Path(data_store.__file__).parent / "data",
    "shared": Path(__file__).parents[2].parent / "shared" / "data",
}
NOT_DICOM = {".gz", ".icc", ".dump", ".json", ".py", ".xml", ".zip", ".md", ".txt", ".pdf", ".source"}
NOT_DICOM |= {".dat", ".hea", ".mat", ".edf", ".hl7", ".scp"}

REFUSED = {
    "pydicom/MR_truncated.dcm": "its pixel data is cut",
    "pydicom/rtplan_truncated.dcm": "it is cut inside a sequence",
    "pydicom/no_meta.dcm": "it begins with a stray byte, and pydicom reads one element of 39 KB",
    "pydicom/dicomdirtests/DICOMDIR-nooffset": "its sequence claims more bytes than the file has",
    "pydicom/dicomdirtests/TINY_ALPHA/README": "it is a text",
    "pydicom-data/emri_small_jpeg_2k_lossless_too_short.dcm": "the end of its fragments is missing",
    "shared/dcm4che/3gb-bulk-data-truncated": "it announces 3 GB in 100 kB",
    "shared/ludb/README": "it is a text",
}
OTHERWISE_THAN_PYDICOM = {
    ("badVR.dcm", "number_of_frames"): "pydicom gives the text 1A",
    ("no_preamble_dicm_in_data", None): "pydicom takes DICM inside a value for the prefix and loses the rest",
}
ATTRIBUTES = {
    name: attribute._tag
    for name, attribute in vars(InstanceHeader).items()
    if type(attribute).__name__ == "_Attribute"
}


def samples() -> Iterator[Any]:
    for folder, root in FOLDERS.items():
        for path in sorted(root.rglob("*")) if root.is_dir() else []:
            repeated = folder == "shared" and path.relative_to(root).parts[0].startswith("pydicom")
            if path.is_file() and path.suffix.lower() not in NOT_DICOM and not repeated:
                yield pytest.param(path, id=f"{folder}/{path.relative_to(root).as_posix()}")


def header_of(path: Path) -> InstanceHeader:
    with path.open("rb") as stream:
        part10 = read_part10_preamble(stream)
        return read_header(
            stream,
            transfer_syntax_uid=part10.transfer_syntax_uid,
            data_set_offset=part10.data_set_offset,
            size=path.stat().st_size,
        )


@contextmanager
def lenient_pydicom() -> Iterator[None]:
    with warnings.catch_warnings(), disable_value_validation():
        warnings.simplefilter("ignore")
        yield


def expected(dataset: Dataset, tag: int, kind: type) -> object:
    """Return what pydicom reads of an attribute, in the hub's terms."""
    if tag not in dataset:
        return "" if kind is str else None
    element = dataset[tag]
    value = element.value
    first = value[0] if isinstance(value, MultiValue) and value else value
    if element.VR == "DA":  # with dots, as ACR-NEMA wrote it, pydicom leaves a date as text
        return DA(str(first).replace(".", "")) if first else None
    if element.VR == "TM":
        return TM(str(first).replace(":", "")) if first else ""
    if kind is int:
        return None if first in {None, ""} else int(first)
    text = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value or "")
    return text if element.VR == "PN" else text.strip(" ")


def kind_of(tag: int) -> type:
    return {"DA": date, "TM": str, "IS": int, "US": int}.get(dictionary_VR(tag), str)


@pytest.mark.parametrize("path", list(samples()))
def test_every_attribute_is_what_pydicom_reads(path: Path, request: pytest.FixtureRequest) -> None:
    sample = request.node.callspec.id
    if sample in REFUSED:
        with pytest.raises(InvalidInstance):
            header_of(path)
        return
    header = header_of(path)
    if (path.name, None) in OTHERWISE_THAN_PYDICOM:
        assert header.modality == "MG"
        return
    with lenient_pydicom():
        dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        for name, tag in ATTRIBUTES.items():
            if (path.name, name) in OTHERWISE_THAN_PYDICOM:
                continue
            wanted = expected(dataset, tag, kind_of(tag))
            read = getattr(header, name)
            if isinstance(wanted, TM):
                assert TM(read) == wanted, name
            else:
                assert (read or None) == (wanted or None), name


def test_the_samples_are_there() -> None:
    assert len(list(samples())) > 190


CHINESE = {
    "PatientName": "Li^Yun=李^運=ㄌㄧˇ^ㄩㄣˋ",
    "StudyDescription": "腹部彩超",
    "SeriesDescription": "許慎 左侧",
    "InstitutionName": "河口镇卫生院",
    "PatientID": "住院-0001",
}


@pytest.mark.parametrize("declared", ["GB18030", "GBK", "ISO_IR 192"])
@pytest.mark.parametrize("implicit", [False, True])
def test_chinese_text_that_pydicom_wrote_is_read(declared: str, implicit: bool) -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = declared
    for keyword, text in CHINESE.items():
        setattr(dataset, keyword, text)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    with lenient_pydicom():
        write_dataset(buffer, dataset)
    data_set = buffer.getvalue()
    transfer_syntax_uid = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    header = read_header(io.BytesIO(data_set), transfer_syntax_uid=transfer_syntax_uid, size=len(data_set))
    assert {keyword: header.text(tag_for_keyword(keyword) or 0) for keyword in CHINESE} == CHINESE
