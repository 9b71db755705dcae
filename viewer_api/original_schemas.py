"""The files that instances were made of, as JSON."""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from storage.original import OriginalFile
from viewer_api.parameters import EXAMPLE_UID

_EXAMPLE: Final[JsonDict] = {
    "sop_instance_uid": EXAMPLE_UID,
    "number": 1,
    "name": "ecg.scp",
    "kind": "SCP-ECG",
    "size": 34144,
    "link": f"/api/v1/studies/{EXAMPLE_UID}/instances/{EXAMPLE_UID}/original?number=1&site_id=xinglong",
}


class OriginalResource(BaseModel):
    """One file that an instance was made of."""

    model_config = ConfigDict(title="Original", json_schema_extra={"example": _EXAMPLE})

    sop_instance_uid: str
    number: int = Field(description="Of the files that one instance was made of, from 1.")
    name: str = Field(description="As whoever sent it called it.")
    kind: str
    size: int = Field(description="Bytes.")
    link: str = Field(description="Where it is had as it came.")

    @classmethod
    def of(cls, site_id: str, study_instance_uid: str, sop_instance_uid: str, file: OriginalFile) -> Self:
        """Return one."""
        return cls(
            sop_instance_uid=sop_instance_uid,
            number=file.number,
            name=file.name,
            kind=file.kind,
            size=file.size,
            link=original_path(site_id, study_instance_uid, sop_instance_uid, file.number),
        )


def original_path(site_id: str, study_instance_uid: str, sop_instance_uid: str, number: int = 1) -> str:
    """Return where a file is that an instance was made of."""
    instance = f"/api/v1/studies/{study_instance_uid}/instances/{sop_instance_uid}"
    return f"{instance}/original?number={number}&site_id={site_id}"


class OriginalCollection(BaseModel):
    """The files that the instances of a study were made of."""

    model_config = ConfigDict(title="Originals", json_schema_extra={"example": {"items": [_EXAMPLE]}})

    items: list[OriginalResource]
