"""Presentation contexts: what is accepted, and in which transfer syntax (PS3.8 9.3.2.2, 9.3.3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from core.text import escaped
from core.uids import MAXIMUM_UID_LENGTH, is_indexable
from pacs_gateway.sop_classes import (
    STORAGE_CLASSES,
    ULTRASOUND,
    VERIFICATION,
)
from pacs_gateway.transfer_syntaxes import (
    COMPRESSED_FIRST,
    LOSSLESS_FIRST,
    TRANSFER_SYNTAXES,
    UNCOMPRESSED,
)
from storage.sop_classes import is_storage_class

UID_PADDING: Final = "\0 "
"""Some devices pad the UIDs of a negotiation, which PS3.5 9.1 forbids."""


MOST_SHOWN: Final = 8

_NAMES: Final = {
    VERIFICATION: "Verification",
    **{uid: name.removesuffix(" Storage") for uid, name in STORAGE_CLASSES.items()},
    **TRANSFER_SYNTAXES,
}


class ContextRefusal(IntEnum):
    """Why a presentation context is refused: Result/Reason of PS3.8 table 9-18."""

    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


@dataclass(frozen=True, kw_only=True)
class Preference:
    """An order of transfer syntaxes, the best first, and the SOP Classes that it is for."""

    name: str
    transfer_syntax_uids: tuple[str, ...]
    sop_classes: dict[str, str]


VERIFYING: Final = Preference(
    name="verification",
    transfer_syntax_uids=tuple(UNCOMPRESSED),
    sop_classes={VERIFICATION: "Verification SOP Class"},
)
COMPRESSED: Final = Preference(
    name="compressed first", transfer_syntax_uids=COMPRESSED_FIRST, sop_classes=ULTRASOUND
)
LOSSLESS: Final = Preference(
    name="lossless first",
    transfer_syntax_uids=LOSSLESS_FIRST,
    sop_classes={uid: name for uid, name in STORAGE_CLASSES.items() if uid not in ULTRASOUND},
)
PREFERENCES: Final = (VERIFYING, COMPRESSED, LOSSLESS)


def accept_context(
    abstract_syntax: str, proposed: Sequence[str], *, accept_any: bool
) -> str | ContextRefusal:
    """Return the transfer syntax chosen for a proposed context, as it was spelled, or why there is none.

    Our order decides. On a storage class any other transfer syntax is good too, after the known ones and in
    the sender's order: the bytes are kept and given back as sent. `accept_any` opens the storage classes that
    the conformance statement does not list.
    """
    preference = _preference_of(abstract_syntax.strip(UID_PADDING), accept_any=accept_any)
    if preference is None:
        return ContextRefusal.ABSTRACT_SYNTAX_NOT_SUPPORTED
    order = preference.transfer_syntax_uids
    ranked = [
        (order.index(uid) if uid in order else len(order), spelled)
        for spelled in proposed
        if (uid := spelled.strip(UID_PADDING)) in order or (preference is not VERIFYING and is_indexable(uid))
    ]
    if not ranked:
        return ContextRefusal.TRANSFER_SYNTAXES_NOT_SUPPORTED
    return min(ranked, key=lambda entry: entry[0])[1]


def is_kept(sop_class_uid: str, *, accept_any: bool) -> bool:
    """Whether instances of this SOP Class are taken in."""
    return sop_class_uid in STORAGE_CLASSES or (
        accept_any and is_indexable(sop_class_uid) and is_storage_class(sop_class_uid)
    )


def in_short(contexts: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return what a peer proposes, for people: each abstract syntax with its transfer syntaxes, by name."""
    shown = [
        f"{_named(abstract_syntax)} ({', '.join(_named(uid) for uid in transfer_syntaxes[:MOST_SHOWN])})"
        for abstract_syntax, transfer_syntaxes in contexts[:MOST_SHOWN]
    ]
    more = len(contexts) - MOST_SHOWN
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _named(uid: str) -> str:
    stripped = uid.strip(UID_PADDING)
    return _NAMES.get(stripped) or escaped(stripped)[:MAXIMUM_UID_LENGTH]


def _preference_of(sop_class_uid: str, *, accept_any: bool) -> Preference | None:
    for preference in PREFERENCES:
        if sop_class_uid in preference.sop_classes:
            return preference
    if not is_kept(sop_class_uid, accept_any=accept_any):
        return None
    return LOSSLESS
