"""Which transfer syntax is chosen for what is proposed: by the hub's order, not the sender's."""

import pytest
from pydicom._uid_dict import UID_dictionary

from pacs_gateway.presentation import PREFERENCES, ContextRefusal, accept_context, is_kept
from pacs_gateway.sop_classes import STORAGE_CLASSES
from pacs_gateway.transfer_syntaxes import (
    COMPRESSED_FIRST,
    LOSSLESS,
    LOSSLESS_FIRST,
    LOSSY,
    TRANSFER_SYNTAXES,
    UNCOMPRESSED,
    VIDEO,
)
from storage.sop_classes import is_storage_class

US, US_MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"
US_RETIRED, US_MULTI_FRAME_RETIRED = "1.2.840.10008.5.1.4.1.1.6", "1.2.840.10008.5.1.4.1.1.3"
DX, CR, CT = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.2"
ECG, PDF = "1.2.840.10008.5.1.4.1.1.9.1.1", "1.2.840.10008.5.1.4.1.1.104.1"
NEW_STORAGE, PRIVATE = "1.2.840.10008.5.1.4.1.1.9999.1", "1.3.12.2.1107.5.9.1"
VERIFICATION, FIND = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1"

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
BASELINE, EXTENDED, JPEG_LOSSLESS = (f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 70))
JPEG_LS, NEAR_LOSSLESS = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS, J2K, HTJ2K, JPEG_XL = (f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 110))
RLE, MPEG4, HEVC = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.107"
PRIVATE_SYNTAX, NEWER_SYNTAX = "1.2.840.113619.5.2", "1.2.840.10008.1.2.4.999"
NO_CLASS, NO_SYNTAX = ContextRefusal

CASES = [
    # compressed first for ultrasound, wherever the sender puts it
    (US, [IMPLICIT, EXPLICIT, BASELINE], BASELINE),
    (US_MULTI_FRAME, [EXPLICIT, BASELINE], BASELINE),
    (US_RETIRED, [EXPLICIT, RLE], RLE),
    (US_MULTI_FRAME_RETIRED, [IMPLICIT, JPEG_LS, EXPLICIT], JPEG_LS),
    (US_MULTI_FRAME, [EXPLICIT, J2K], J2K),
    (US_MULTI_FRAME, [IMPLICIT, MPEG4], MPEG4),
    (US_MULTI_FRAME, [IMPLICIT, HEVC], HEVC),
    (US, [EXPLICIT, JPEG_XL], JPEG_XL),
    (US, [IMPLICIT, EXPLICIT], EXPLICIT),
    (US, [BIG, IMPLICIT], IMPLICIT),
    # nothing lossy for radiographs while anything else is offered
    (DX, [BASELINE, EXPLICIT], EXPLICIT),
    (DX, [BASELINE, JPEG_LOSSLESS], JPEG_LOSSLESS),
    (DX, [EXTENDED, NEAR_LOSSLESS, JPEG_LS], JPEG_LS),
    (DX, [J2K, J2K_LOSSLESS, JPEG_LOSSLESS, EXPLICIT], EXPLICIT),
    (CR, [J2K, J2K_LOSSLESS], J2K_LOSSLESS),
    (CR, [J2K, HTJ2K], HTJ2K),
    (CR, [BASELINE, IMPLICIT], IMPLICIT),
    (CR, [BASELINE], BASELINE),
    # explicit little endian first otherwise
    (ECG, [IMPLICIT, BIG, EXPLICIT], EXPLICIT),
    (ECG, [BIG, IMPLICIT], IMPLICIT),
    (PDF, [DEFLATED, EXPLICIT], EXPLICIT),
    (PDF, [DEFLATED, BIG], DEFLATED),
    (CT, [BASELINE, JPEG_LS], JPEG_LS),
    # any other transfer syntax of a storage class, after the known ones and in the sender's order
    (US, [PRIVATE_SYNTAX, IMPLICIT], IMPLICIT),
    (US, [PRIVATE_SYNTAX, NEWER_SYNTAX], PRIVATE_SYNTAX),
    (CR, [NEWER_SYNTAX, PRIVATE_SYNTAX], NEWER_SYNTAX),
    # other storage classes, private ones and those of a later edition
    (NEW_STORAGE, [IMPLICIT, EXPLICIT], EXPLICIT),
    (PRIVATE, [IMPLICIT], IMPLICIT),
    (PRIVATE, [PRIVATE_SYNTAX], PRIVATE_SYNTAX),
    # verification
    (VERIFICATION, [IMPLICIT], IMPLICIT),
    (VERIFICATION, [BASELINE, BIG], BIG),
    (VERIFICATION, [BASELINE, PRIVATE_SYNTAX], NO_SYNTAX),
    # padding does not make another UID, and goes back as it came
    (US + "\0", [BASELINE + "\0", IMPLICIT], BASELINE + "\0"),
    (CR + " ", [IMPLICIT + " "], IMPLICIT + " "),
    # what is no storage
    (FIND, [IMPLICIT], NO_CLASS),
    ("1.2.840.10008.5.1.4.31", [IMPLICIT], NO_CLASS),  # modality worklist
    ("1.2.840.10008.3.1.2.3.3", [IMPLICIT], NO_CLASS),  # performed procedure step
    ("1.2.840.10008.5.1.1.9", [IMPLICIT], NO_CLASS),  # print
    ("1.2.840.10008.1.20.1", [IMPLICIT], NO_CLASS),  # storage commitment
    ("1.2.840.10008.5.1.4.34.6.1", [IMPLICIT], NO_CLASS),  # unified procedure step
    ("1.2.840.10008.1.3.10", [IMPLICIT], NO_CLASS),  # DICOMDIR
    ("1.2.840.10008.5.1.4.1.1.201.2", [IMPLICIT], NO_CLASS),  # inventory query, beside the storage classes
    ("1.2.840.10008.4.2", [IMPLICIT], NO_CLASS),  # the storage service class is no SOP Class
    (EXPLICIT, [IMPLICIT], NO_CLASS),
    # what is no UID
    ("", [IMPLICIT], NO_CLASS),
    ("../../etc/passwd", [IMPLICIT], NO_CLASS),
    ("1" * 65, [IMPLICIT], NO_CLASS),
    (US, [], NO_SYNTAX),
    (US, ["", "not a uid", "1" * 65], NO_SYNTAX),
    (US, ["not a uid", BIG], BIG),
]


@pytest.mark.parametrize(("abstract_syntax", "proposed", "chosen"), CASES)
def test_the_hubs_order_decides(
    abstract_syntax: str, proposed: list[str], chosen: str | ContextRefusal
) -> None:
    assert accept_context(abstract_syntax, proposed, accept_any=True) == chosen


@pytest.mark.parametrize(
    ("abstract_syntax", "chosen"),
    [(US, IMPLICIT), (ECG, IMPLICIT), (VERIFICATION, IMPLICIT), (CT, NO_CLASS), (PRIVATE, NO_CLASS)],
)
def test_a_setting_closes_the_classes_that_are_not_listed(
    abstract_syntax: str, chosen: str | ContextRefusal
) -> None:
    assert accept_context(abstract_syntax, [IMPLICIT], accept_any=False) == chosen


def test_the_names_are_those_of_the_standard() -> None:
    for uid, name in TRANSFER_SYNTAXES.items():
        if uid in UID_dictionary:  # JPEG XL is younger than the dictionary
            assert name == UID_dictionary[uid][0], uid
    for uid, name in STORAGE_CLASSES.items():
        registered, kind, _, retired = UID_dictionary[uid][:4]
        assert kind == "SOP Class"
        assert name == registered + (" (Retired)" if retired else "")


def test_every_known_transfer_syntax_has_one_place_in_each_order() -> None:
    for order in (COMPRESSED_FIRST, LOSSLESS_FIRST):
        assert sorted(order) == sorted(TRANSFER_SYNTAXES)
    compressed = {**LOSSLESS, **LOSSY, **VIDEO}
    assert set(COMPRESSED_FIRST[: len(compressed)]) == set(compressed)
    assert set(LOSSLESS_FIRST[: len(UNCOMPRESSED) + len(LOSSLESS)]) == set(UNCOMPRESSED) | set(LOSSLESS)


def test_the_standards_storage_classes_are_told_from_its_other_classes() -> None:
    named_storage = {
        uid
        for uid, (name, kind, *_) in UID_dictionary.items()
        if kind == "SOP Class"
        and "Storage" in name
        and not uid.startswith(("1.2.840.10008.1.20.", "1.2.840.10008.1.3."))
    }
    assert len(named_storage) > 150
    assert all(is_storage_class(uid) for uid in named_storage)
    others = {uid for uid, entry in UID_dictionary.items() if entry[0] and uid not in named_storage}
    assert [uid for uid in others if is_storage_class(uid)] == []


def test_what_is_kept_is_what_is_negotiated() -> None:
    for uid in (US, CT, PRIVATE, NEW_STORAGE, FIND, "", "abc"):
        for accept_any in (True, False):
            negotiated = accept_context(uid, [IMPLICIT], accept_any=accept_any) == IMPLICIT
            assert is_kept(uid, accept_any=accept_any) == negotiated, uid


def test_every_named_class_has_one_preference_and_gets_its_best() -> None:
    named = [uid for preference in PREFERENCES for uid in preference.sop_classes]
    assert sorted(named) == sorted([VERIFICATION, *STORAGE_CLASSES])
    for preference in PREFERENCES:
        backwards = list(reversed(preference.transfer_syntax_uids))
        for uid in preference.sop_classes:
            best = preference.transfer_syntax_uids[0]
            assert accept_context(uid, backwards, accept_any=False) == best
