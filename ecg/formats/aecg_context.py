"""Who an annotated ECG is of, what recorded it, when, and through which filters."""

from datetime import datetime

from ecg.document import EcgDevice, EcgPatient
from ecg.formats.assembly import number_of
from ecg.formats.identity import date_of, moment_of, person_name, plain, sex_of, years_of
from ecg.formats.plain_xml import Element

_AGE = "21612-7"
_FILTER = "MDC_ECG_CTL_VBL_ATTR_FILTER_"


def patient(root: Element) -> EcgPatient:
    """Return the subject; an identifier without extension is its root."""
    subject = root.first("trialSubject") or root.first("subject")
    if subject is None:
        return EcgPatient(age_years=_age(root))
    person = subject.first("subjectDemographicPerson") or subject
    name = person.at("name")
    return EcgPatient(
        patient_id=plain(subject.attribute("extension", "id") or subject.attribute("root", "id")),
        name=_name(name) if name else "",
        birth_date=date_of(person.attribute("value", "birthTime")),
        sex=sex_of(person.attribute("code", "administrativeGenderCode")),
        age_years=_age(root),
    )


def _name(name: Element) -> str:
    family, given = name.said("family"), name.said("given")
    return person_name(family, given) if family or given else person_name(name.words())


def _age(root: Element) -> float | None:
    for observation in root.all("relatedObservation"):
        if observation.attribute("code", "code") == _AGE:
            return years_of(observation.attribute("value", "value"), observation.attribute("unit", "value"))
    return None


def device(root: Element) -> EcgDevice:
    """Return what recorded the first series."""
    author = root.first("seriesAuthor")
    organization = root.first("testingSite") or root.first("trialSite")
    institution = plain(organization.said("location", "name")) if organization else ""
    if author is None:
        return EcgDevice(institution=institution)
    return EcgDevice(
        manufacturer=plain(author.said("manufacturerOrganization", "name")),
        model=plain(author.said("manufacturedSeriesDevice", "manufacturerModelName")),
        serial_number=plain(author.attribute("extension", "manufacturedSeriesDevice", "id")),
        software=plain(author.said("manufacturedSeriesDevice", "softwareName")),
        institution=institution,
    )


def recorded_at(root: Element, oddities: list[str]) -> datetime | None:
    """Return when the first series begins, else what the whole ECG says of its time."""
    series = root.at("component", "series")
    for holder in (series, root):
        time = holder.at("effectiveTime") if holder else None
        for written in _times(time):
            if found := moment_of(written):
                if not found[1]:
                    oddities.append("The file tells the day of the ECG, but no time of day.")
                return found[0]
    return None


def _times(time: Element | None) -> list[str]:
    if time is None:
        return []
    return [
        time.attribute("value", "low"),
        time.attribute("value", "center"),
        time.attribute("value"),
        time.attribute("value", "high"),
    ]


def filters(series: Element) -> tuple[str, ...]:
    """Return what the device had filtered, in words."""
    told = []
    for outer in series.each("controlVariable"):
        control = outer.at("controlVariable") or outer
        kind = control.attribute("code", "code")
        frequency = next(
            (
                each.attribute("value", "value")
                for each in control.all("controlVariable")
                if each.attribute("code", "code").endswith(("CUTOFF_FREQ", "NOTCH_FREQ"))
            ),
            "",
        )
        words = kind.removeprefix(_FILTER).replace("_", "-").lower()
        if kind.startswith(_FILTER) and number_of(frequency) is not None:
            told.append(f"{frequency} Hz {words}")
        elif kind.startswith(_FILTER):
            told.append(words)
    return tuple(told[:8])
