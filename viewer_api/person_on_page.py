"""Who was examined, as a page without script says it."""

from dataclasses import dataclass
from datetime import date

from reporting.paper.sheet import printed_name
from reporting.paper.words import NOT_STATED, SEXES


@dataclass(frozen=True, kw_only=True)
class PersonOnPage:
    """Who was examined, as people write it."""

    name: str
    details: str
    """Sex, birth date and patient ID, as far as the device gave them."""


def person_on_page(name: str, sex: str, birth_date: date | None, patient_id: str) -> PersonOnPage:
    """Return a patient as people write one; a name that no device gave is a dash."""
    word = SEXES.get(sex)
    details = (
        f"{word.zh} {sex}" if word else sex,
        birth_date.isoformat() if birth_date else "",
        f"ID {patient_id}" if patient_id else "",
    )
    return PersonOnPage(
        name=printed_name(name) or NOT_STATED, details=" · ".join(detail for detail in details if detail)
    )
