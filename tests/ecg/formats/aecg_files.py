"""Annotated ECGs as carts write them, for tests."""

LEAD = (
    '<component><sequence><code code="{code}"/><value xsi:type="SLIST_PQ">'
    '<origin value="{origin}" unit="uV"/>'
    '<scale value="{scale}" unit="{unit}"/><digits>{digits}</digits></value></sequence></component>'
)
CLOCK = (
    '<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS">'
    '<head value="20261101080000"/>'
    '<increment value="{step}" unit="s"/></value></sequence></component>'
)


def lead(
    code: str = "MDC_ECG_LEAD_II",
    digits: str = "1 -2 3",
    scale: str = "2.5",
    unit: str = "uV",
    origin: str = "0",
) -> str:
    """Return one lead's sequence."""
    return LEAD.format(code=code, digits=digits, scale=scale, unit=unit, origin=origin)


def aecg(
    *leads: str,
    step: str = "0.002",
    series: str = "RHYTHM",
    name: str = "李明",
    time: str = "20261101080000.123+0800",
) -> str:
    """Return an annotated ECG of one series."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AnnotatedECG xmlns="urn:hl7-org:v3">'
        "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
        f'<id root="1.2.3" extension="P7"/><subjectDemographicPerson><name>{name}</name>'
        '<administrativeGenderCode code="F"/><birthTime value="19600229"/></subjectDemographicPerson>'
        "</trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>"
        f'<component><series><code code="{series}"/><effectiveTime><low value="{time}"/></effectiveTime>'
        f"<component><sequenceSet>{CLOCK.format(step=step)}{''.join(leads or (lead(),))}"
        "</sequenceSet></component>"
        "</series></component></AnnotatedECG>"
    )
