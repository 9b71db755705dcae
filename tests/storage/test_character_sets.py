"""Text as devices send it: right labels, wrong ones, none; and nothing that can fail."""

import codecs
from random import Random

import pydicom.charset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import python_encoding

from storage.character_sets import character_sets

IR_58 = "\\ISO 2022 IR 58"

NAMES = [
    ("", b"Smith^John", "Smith^John"),
    ("ISO_IR 100", "Müller^Jörg".encode("latin_1"), "Müller^Jörg"),
    ("ISO_IR 192", "Zhang^San=张^三".encode(), "Zhang^San=张^三"),
    ("GB18030", "Zhang^San=张^三".encode("gb18030"), "Zhang^San=张^三"),
    ("GB18030", "Li=李𠮷^㐀".encode("gb18030"), "Li=李𠮷^㐀"),
    ("GBK", "Zhang^San=张^三".encode("gbk"), "Zhang^San=张^三"),
    ("ISO 2022 GBK", "Zhang^San=张^三".encode("gbk"), "Zhang^San=张^三"),
    ("GB18030", "阿不都·热西提".encode("gb18030"), "阿不都·热西提"),
    (IR_58, b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东="),
    ("ISO 2022 IR 6" + IR_58, b"Wang=\x1b$)A\xcd\xf5", "Wang=王"),
    ("ISO 2022 IR 100" + IR_58, "Müller=\x1b$)A".encode("latin_1") + b"\xcd\xf5", "Müller=王"),
    ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "Hong^Gildong=洪^吉洞"),
    (
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    ),
    (
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
    ),
    ("\\ISO 2022 IR 87\\ISO 2022 IR 159", b"\x1b$(D\x30\x21\x1b(B^A", "丂^A"),
    ("ISO_IR 144", "Люкceмбypг".encode("iso8859_5"), "Люкceмбypг"),
    ("ISO 2022 IR 6\\ISO 2022 IR 126", b"Dionysios=\x1b-F\xc4\xe9\xef\xed", "Dionysios=Διον"),
]


@pytest.mark.parametrize(("declared", "raw", "name"), NAMES)
def test_a_rightly_declared_name_is_read(declared: str, raw: bytes, name: str) -> None:
    sets = character_sets(declared)
    decoded = sets.decode(raw, name=True)
    assert decoded == name
    assert sets.finding(raw, decoded) is None


LABELS = [
    ("GB2312", "李運".encode("gb18030"), "李運", "mislabelled-character-set"),
    ("GB_2312", "张三".encode("gb2312"), "张三", "mislabelled-character-set"),
    ("ISO-IR 192", "张三".encode(), "张三", "mislabelled-character-set"),
    ("iso_ir 192", "张三".encode(), "张三", "mislabelled-character-set"),
    ("UTF-8", "张三".encode(), "张三", "mislabelled-character-set"),
    ("ISO_IR 58", b"\x1b$)A\xd5\xc5", "张", "mislabelled-character-set"),
    ("\\ISO2022 IR 58", b"\x1b$)A\xd5\xc5", "张", "mislabelled-character-set"),
    ("ISO_IR 999", "张".encode(), "\ufffd\ufffd\ufffd", "unknown-character-set"),
    ("KLINGON", b"Worf \xff", "Worf \ufffd", "unknown-character-set"),
    ("punycode", "张".encode(), "\ufffd\ufffd\ufffd", "unknown-character-set"),
    ("zlib_codec", b"\xff", "\ufffd", "unknown-character-set"),
    ("", "Jörg".encode("latin_1"), "Jörg", "undeclared-character-set"),
    ("ISO_IR 6", "Jörg".encode("latin_1"), "Jörg", "undeclared-character-set"),
    ("ISO_IR 192", "Jörg".encode("latin_1"), "J\ufffdrg", "undecodable-text"),
    ("ISO_IR 192", b"\xc0\xafetc", "\ufffd\ufffdetc", "undecodable-text"),
    ("GB18030", "张三".encode("gb18030")[:3], "张\ufffd", "undecodable-text"),
    ("GB18030", "𠮷".encode("gb18030")[:3], "\ufffd", "undecodable-text"),
    (IR_58, b"\xd5\xc5\xc8\xfd", "张三", None),
    ("", b"\x1b$)A\xd5\xc5", "张", "undeclared-character-set"),
]


@pytest.mark.parametrize(("declared", "raw", "text", "finding"), LABELS)
def test_a_wrong_label_is_read_as_far_as_it_can_be_and_named(
    declared: str, raw: bytes, text: str, finding: str | None
) -> None:
    sets = character_sets(declared)
    assert sets.decode(raw) == text
    assert sets.finding(raw, text) == finding


@pytest.mark.parametrize("declared", ["", "ISO_IR 100", "KLINGON", "GB2312", "ISO_IR 192", IR_58])
def test_plain_ascii_is_no_finding_under_any_label(declared: str) -> None:
    sets = character_sets(declared)
    assert sets.decode(b"Zhang^San") == "Zhang^San"
    assert sets.finding(b"Zhang^San", "Zhang^San") is None


def test_what_is_latin_only_by_default_can_be_turned_back_into_its_bytes() -> None:
    raw = bytes(range(1, 27)) + bytes(range(28, 256))
    assert character_sets("").decode(raw).encode("latin_1") == raw


ESCAPED = [
    # An escape holds until a delimiter, then the first character set is back (PS3.5 6.1.2.5.3).
    ("ISO_IR 100" + IR_58, b"\x1b$)A\xd5\xc5\\\xfc", False, "张\\ü"),
    ("ISO_IR 100" + IR_58, b"\x1b$)A\xd5\xc5\r\n\xfc", False, "张\r\nü"),
    ("ISO_IR 100" + IR_58, b"\x1b$)A\xd5\xc5^\xfc", True, "张^ü"),
    ("ISO_IR 100" + IR_58, b"\x1b$)A\xd5\xc5^\xd5\xc5", False, "张^张"),
    ("\\ISO 2022 IR 87", b"\x1b$B;3\n\xb1", False, "山\n\ufffd"),
    # Cut or unknown escapes are shown, not obeyed.
    (IR_58, b"A\x1b", False, "A\x1b"),
    (IR_58, b"A\x1b$", False, "A\x1b$"),
    (IR_58, b"A\x1b$)", False, "A\x1b$)"),
    (IR_58, b"A\x1b$)Z\xd5\xc5", False, "A张"),
    # No escapes where the standard has none.
    ("GB18030", b"\x1b$)A", False, "\x1b$)A"),
    ("ISO_IR 192", b"\x1b(B", False, "\x1b(B"),
]


@pytest.mark.parametrize(("declared", "raw", "name", "text"), ESCAPED)
def test_an_escape_holds_as_long_as_it_should(declared: str, raw: bytes, name: bool, text: str) -> None:
    assert character_sets(declared).decode(raw, name=name) == text


def test_half_a_character_is_no_backslash() -> None:
    split = [bytes([lead, 0x5C]).decode("gbk", "ignore") for lead in range(0x81, 0xFF)]
    assert len([character for character in split if len(character) == 1]) > 100
    for declared in ("GB18030", "GBK", "ISO 2022 GBK", "GB2312"):
        for character in filter(None, split):
            if len(character) == 1:
                assert character_sets(declared).decode(character.encode("gbk")) == character


def test_every_chinese_character_survives_its_own_encoding() -> None:
    characters = "".join(map(chr, (*range(0x4E00, 0x9FA6), *range(0x3400, 0x4DB6), *range(0x20000, 0x2A6D7))))
    assert character_sets("GB18030").decode(characters.encode("gb18030")) == characters
    assert character_sets("ISO_IR 192").decode(characters.encode()) == characters


TERMS = [*python_encoding, "KLINGON", "GB2312", "ISO-IR 100", "", "\0", "*" * 2000]


@given(st.lists(st.sampled_from(TERMS), max_size=4).map("\\".join), st.binary(max_size=60), st.booleans())
def test_any_bytes_under_any_label_give_text_that_can_be_stored(
    declared: str, raw: bytes, name: bool
) -> None:
    sets = character_sets(declared)
    text = sets.decode(raw, name=name)
    assert text.encode().decode() == text
    sets.finding(raw, text)


ESCAPES = [*pydicom.charset.CODES_TO_ENCODINGS, b"\x1b", b"^", b"=", b"\\", b"\n"]


@given(
    st.sampled_from(["", IR_58, "ISO_IR 13\\ISO 2022 IR 87", "\\ISO 2022 IR 149", "ISO 2022 IR 126"]),
    st.lists(st.one_of(st.sampled_from(ESCAPES), st.binary(max_size=6)), max_size=10).map(b"".join),
)
def test_any_escapes_give_text_that_can_be_stored(declared: str, raw: bytes) -> None:
    text = character_sets(declared).decode(raw, name=True)
    assert text.encode().decode() == text


def test_every_term_of_the_standard_has_a_decoder() -> None:
    for term in python_encoding:
        codecs.lookup(character_sets(term).initial)
        assert character_sets(term).anomaly is None


def test_many_escapes_are_decoded_in_time() -> None:
    chance = Random(1)
    raw = b"".join(chance.choice(ESCAPES) + b"\xd5\xc5" for _ in range(20_000))
    assert character_sets(IR_58).decode(raw, name=True)
