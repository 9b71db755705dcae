"""Elements of a data set that is written here, exactly as given."""

from typing import Any, Final

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

_SHORT_CODE: Final = 16


def data_set(**values: Any) -> Dataset:
    """Return a data set of these keywords and values; the values are legal already, or as a device wrote."""
    dataset = Dataset()
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        if tag is None:
            raise KeyError(keyword)
        vr = dictionary_VR(tag)
        vr = "OW" if vr == "OB or OW" else vr
        dataset.add(DataElement(tag, vr, value, validation_mode=config.IGNORE))
    return dataset


def coded(scheme: str, value: str, meaning: str) -> Dataset:
    """Return an item of a code sequence (PS3.3 table 8.8-1)."""
    keyword = "CodeValue" if len(value) <= _SHORT_CODE else "LongCodeValue"
    return data_set(**{keyword: value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning})
