"""What a case is about, whatever its device writes into (0008,0060) Modality. Pure."""

import re
from typing import Final

UNKNOWN_MODALITY: Final = "OT"
"""PS3.3 C.7.3.1.1.1 "Other": groups that read every modality of a site read it too."""
_CODE_STRING = re.compile(r"[A-Z0-9_ ]{1,16}", re.ASCII)


def is_code_string(text: str) -> bool:
    """Whether a modality is written as PS3.5 6.2 has it (CS)."""
    return _CODE_STRING.fullmatch(text) is not None


def routed_modality(stated: str) -> str:
    """Return the modality that a case is routed by: in capitals; what is missing or no code is OT."""
    modality = stated.strip().upper()
    return modality if is_code_string(modality) else UNKNOWN_MODALITY
