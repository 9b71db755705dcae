"""The codes of what devices measure: how files name it (MDC), and how objects do."""

from typing import Final

OWN_SCHEME: Final = "99IMGHUB"
STATE_CODE: Final = "STATEMENT-STATE"
UNCONFIRMED: Final = "UNCONFIRMED"
CONFIRMED: Final = "CONFIRMED"
STATE_WORDS: Final = "Confirmed by "

_MEASURED: Final = {
    "MDC_ECG_HEART_RATE": ("LN", "8867-4", "Heart rate"),
    "MDC_ECG_TIME_PD_RR": ("MDC", "2:16168", "RR interval"),
    "MDC_ECG_TIME_PD_PP": ("MDC", "2:16140", "PP interval"),
    "MDC_ECG_TIME_PD_P": ("MDC", "2:16184", "P duration"),
    "MDC_ECG_TIME_PD_PR": ("MDC", "2:15872", "PR interval"),
    "MDC_ECG_TIME_PD_PQ": ("MDC", "2:16144", "PQ time period"),
    "MDC_ECG_TIME_PD_QRS": ("MDC", "2:16156", "QRS duration"),
    "MDC_ECG_TIME_PD_QT": ("MDC", "2:16160", "QT interval"),
    "MDC_ECG_TIME_PD_QTc": ("MDC", "2:15876", "QTc interval"),
    "MDC_ECG_TIME_PD_QTcB": ("MDC", "2:15880", "QTc global using Bazett formula"),
    "MDC_ECG_TIME_PD_QTcF": ("MDC", "2:15892", "QTc global using Fredericia formula"),
    "MDC_ECG_ANGLE_P_FRONT": ("MDC", "2:16128", "P Axis"),
    "MDC_ECG_ANGLE_QRS_FRONT": ("MDC", "2:16132", "QRS axis"),
    "MDC_ECG_ANGLE_T_FRONT": ("MDC", "2:16136", "T axis"),
}
"""CID 3227 to 3229, by the names that files use."""
_OF_SCP: Final = {
    "5.10.2.1-3": "MDC_ECG_TIME_PD_RR",
    "5.10.2.1-5": "MDC_ECG_TIME_PD_PP",
    "5.10.2.5-5": "MDC_ECG_TIME_PD_QTc",
    "5.10.3-11": "MDC_ECG_ANGLE_P_FRONT",
    "5.10.3-13": "MDC_ECG_ANGLE_QRS_FRONT",
    "5.10.3-15": "MDC_ECG_ANGLE_T_FRONT",
    "5.13.5-7": "MDC_ECG_TIME_PD_PR",
    "5.13.5-9": "MDC_ECG_TIME_PD_QRS",
    "5.13.5-11": "MDC_ECG_TIME_PD_QT",
}
"""What carts that send DICOM write instead, under SCPECG."""
_BY_CODE: Final = {(scheme, value): name for name, (scheme, value, _) in _MEASURED.items()} | {
    ("SCPECG", value): name for value, name in _OF_SCP.items()
}


def measured_code(name: str) -> tuple[str, str, str] | None:
    """Return scheme, value and meaning for what a file names so; None for what has no code of its own."""
    return _MEASURED.get(name)


def measured_name(scheme: str, value: str) -> str:
    """Return the name of MDC for what a device's object codes so; the code itself where none is known."""
    return _BY_CODE.get((scheme, value), value)
