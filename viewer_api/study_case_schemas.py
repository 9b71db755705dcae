"""Where a study is read, as JSON."""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from viewer_api.parameters import EXAMPLE_KEY, EXAMPLE_UID
from worklist.case import Case

_EXAMPLE: Final[JsonDict] = {
    "case_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "study_instance_uid": EXAMPLE_UID,
    "links": {
        "case": f"/api/v1/cases/{EXAMPLE_KEY}",
        "timeline": f"/api/v1/cases/{EXAMPLE_KEY}/timeline",
        "reports": f"/api/v1/cases/{EXAMPLE_KEY}/reports",
    },
}


class StudyCaseResource(BaseModel):
    """A case in which a study is read; of the patient it tells nothing."""

    model_config = ConfigDict(title="StudyCase", json_schema_extra={"example": _EXAMPLE})

    case_id: str
    site_id: str
    study_instance_uid: str = Field(description="The case's own study; another one where it was linked.")
    links: dict[str, str]

    @classmethod
    def of(cls, case: Case) -> Self:
        """Return one."""
        base = f"/api/v1/cases/{case.case_id}"
        return cls(
            case_id=case.case_id,
            site_id=case.site_id,
            study_instance_uid=case.study_instance_uid,
            links={"case": base, "timeline": f"{base}/timeline", "reports": f"{base}/reports"},
        )


class StudyCaseCollection(BaseModel):
    """One case for each site that holds the study."""

    model_config = ConfigDict(title="StudyCases", json_schema_extra={"example": {"items": [_EXAMPLE]}})

    items: list[StudyCaseResource]
