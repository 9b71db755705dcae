"""Which lead a channel is: by its code, and by its words only where no code says it. Never by its position.

Codes are those of CID 3001. SCP-ECG, the MDC nomenclature (ISO/IEEE 11073-10102) and aECG number leads alike;
they only write the number differently: `5.6.3-9-61`, `2:61`, `131389`, `MDC_ECG_LEAD_III` are all lead III.
"""

import re
from typing import Final

STANDARD: Final = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The twelve leads, in the order of the sheet."""

_BY_NUMBER: Final = {
    1: "I",
    2: "II",
    **{number + 2: f"V{number}" for number in range(1, 8)},
    **{number + 8: f"V{number}R" for number in range(2, 8)},
    16: "X",
    17: "Y",
    18: "Z",
    61: "III",
    62: "aVR",
    63: "aVL",
    64: "aVF",
    65: "-aVR",
    66: "V8",
    67: "V9",
    68: "V8R",
    69: "V9R",
    70: "D",
    71: "A",
    72: "J",
    86: "C",
    # Derived from other electrodes: `d` keeps them apart from the leads that they stand for.
    31: "dI",
    32: "dII",
    **{number + 32: f"dV{number}" for number in range(1, 7)},
    111: "dIII",
    112: "daVR",
    113: "daVL",
    114: "daVF",
    131: "ES",
    132: "AS",
    133: "AI",
}
_MDC_LEADS: Final = 2 * 65536 + 256
"""MDC context-free codes: partition 2 (SCADA), and the leads from here on."""
_NUMBER_OF: Final = {name: number for number, name in _BY_NUMBER.items()}
_KNOWN: Final = {name.upper(): name for name in _BY_NUMBER.values()}
_NUMBER: Final = re.compile(r"5\.6\.3-9-(\d{1,3})|2:(\d{1,3})|(131\d{3})", re.ASCII)
_WORDS: Final = re.compile(
    r"(?:MDC_ECG_LEAD_|(?:ECG\s+)?LEAD[\s_:]+)?([A-Z0-9-]{1,5})\b", re.IGNORECASE | re.ASCII
)


def lead_of_code(code: str) -> str | None:
    """Return the lead that a code value names, None for a code of something else."""
    code = code.strip()
    if found := _NUMBER.fullmatch(code):
        short, mdc, context_free = found.groups()
        number = int(context_free) - _MDC_LEADS if context_free else int(short or mdc)
        return _BY_NUMBER.get(number)
    return lead_of_words(code) if code.upper().startswith("MDC_ECG_LEAD_") else None


def code_of_lead(name: str) -> str | None:
    """Return the lead's code of CID 3001 under MDC, `2:61` for lead III; None for a lead of no standard."""
    number = _NUMBER_OF.get(name)
    return None if number is None else f"2:{number}"


def lead_of_words(words: str) -> str | None:
    """Return the lead that a label or code meaning names: "Lead I (Einthoven)", "aVR", "V4R"."""
    found = _WORDS.match(words.strip())
    return _KNOWN.get(found.group(1).upper()) if found else None
