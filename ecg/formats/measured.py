"""What carts measure, by its MDC code: the code, its words and its unit are the same whatever the format."""

from dataclasses import dataclass
from typing import Final

from ecg.document import Measurement

HEART_RATE: Final = "MDC_ECG_HEART_RATE"
RR: Final = "MDC_ECG_TIME_PD_RR"
PP: Final = "MDC_ECG_TIME_PD_PP"
P_DURATION: Final = "MDC_ECG_TIME_PD_P"
PR: Final = "MDC_ECG_TIME_PD_PR"
QRS: Final = "MDC_ECG_TIME_PD_QRS"
QT: Final = "MDC_ECG_TIME_PD_QT"
QTC: Final = "MDC_ECG_TIME_PD_QTc"
QTC_BAZETT: Final = "MDC_ECG_TIME_PD_QTcB"
QTC_FRIDERICIA: Final = "MDC_ECG_TIME_PD_QTcF"
P_AXIS: Final = "MDC_ECG_ANGLE_P_FRONT"
QRS_AXIS: Final = "MDC_ECG_ANGLE_QRS_FRONT"
T_AXIS: Final = "MDC_ECG_ANGLE_T_FRONT"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What one code stands for."""

    meaning: str
    unit: str


KINDS: Final = {
    HEART_RATE: Kind(meaning="Heart rate", unit="/min"),
    RR: Kind(meaning="RR interval", unit="ms"),
    PP: Kind(meaning="PP interval", unit="ms"),
    P_DURATION: Kind(meaning="P duration", unit="ms"),
    PR: Kind(meaning="PR interval", unit="ms"),
    QRS: Kind(meaning="QRS duration", unit="ms"),
    QT: Kind(meaning="QT interval", unit="ms"),
    QTC: Kind(meaning="QTc interval", unit="ms"),
    QTC_BAZETT: Kind(meaning="QTc interval (Bazett)", unit="ms"),
    QTC_FRIDERICIA: Kind(meaning="QTc interval (Fridericia)", unit="ms"),
    P_AXIS: Kind(meaning="P axis", unit="deg"),
    QRS_AXIS: Kind(meaning="QRS axis", unit="deg"),
    T_AXIS: Kind(meaning="T axis", unit="deg"),
}
_BY_UPPER: Final = {code.upper(): code for code in KINDS}
MEASUREMENTS: Final = 500
"""Read of one file; a cart that measures every lead writes some 300."""


def code_of(written: str) -> str:
    """Return a code in the writing used here, whatever case the file has it in; others as they are."""
    return _BY_UPPER.get(written.strip().upper(), written.strip())


def measured(code: str, value: float, lead: str = "") -> Measurement:
    """Return a measurement of a known code, in the unit of its kind."""
    kind = KINDS[code]
    return Measurement(code=code, meaning=kind.meaning, value=value, unit=kind.unit, lead=lead)


def by_code(values: dict[str, float | None], lead: str = "") -> tuple[Measurement, ...]:
    """Return the measurements that a file has a value for."""
    return tuple(measured(code, value, lead) for code, value in values.items() if value is not None)
