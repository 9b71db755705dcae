"""What bytes say against their label: Chinese is found, and real European names are never turned into it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.character_sets import character_sets
from storage.text_evidence import Encoding, Evidence, Leaning, lean, weigh

LABELS = ["", "ISO_IR 6", "ISO_IR 100", "GB2312", "GB18030", "ISO_IR 192", "ISO_IR 999", "ISO_IR 101"]
LOOSE = ["", "ISO_IR 6", "ISO_IR 100", "ISO_IR 999"]
G, U, NONE = Encoding.GB18030, Encoding.UTF_8, None


def weighed(declared: str, *texts: bytes) -> Evidence:
    return weigh(texts, character_sets(declared).initial)


@pytest.mark.parametrize("declared", LOOSE)
@pytest.mark.parametrize(
    ("text", "encoding", "decided"),
    [
        ("张三", "gbk", G),
        ("Zhang^San=张^三", "gbk", G),
        ("李運", "gbk", G),
        ("李喆", "gbk", G),
        ("李𠮷", "gb18030", G),
        ("欧阳·娜娜", "gbk", G),
        ("联通", "gbk", G),
        ("左心室（LV）收缩", "gbk", G),
        ("CT头部", "gbk", G),
        ("张三", "utf-8", U),
        ("王", "utf-8", U),
        ("陳大文", "utf-8", U),
        ("Zhang^San=张^三", "utf-8", U),
        ("Müller^Jörg", "utf-8", U),
        # too little for a decision
        ("王", "gbk", NONE),
        ("眉", "gbk", NONE),
        ("喆", "gbk", NONE),
        ("TCD脑", "gbk", NONE),
    ],
)
def test_chinese_under_a_label_that_cannot_be_right_is_found(
    declared: str, text: str, encoding: str, decided: Encoding | None
) -> None:
    assert weighed(declared, text.encode(encoding)).encoding is decided


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Müller^Jörg",
            "Ségolène Ménière",
            "Þórður",
            "Åse Øystein",
            "Ó Briain",
            "Größe",
            "GRÖßE ÄÖÜ",
            "jäääär",
        ),
        *(
            "Crème brûlée à la façon",
            "Núñez^José María",
            "ÄNDERUNG",
            "37°C, 5 µm",
            "Noël",
            "Straße 12",
            "Ré^Al",
        ),
    ],
)
@pytest.mark.parametrize("declared", ["", "ISO_IR 6", "ISO_IR 100"])
def test_real_european_text_is_no_evidence_against_its_label(declared: str, text: str) -> None:
    assert weighed(declared, text.encode("latin_1")) == Evidence()
    assert lean(text.encode("latin_1"), "iso8859-1") in {Leaning.LABEL, Leaning.NOTHING}


@pytest.mark.parametrize(
    ("declared", "text", "encoding", "decided"),
    [
        ("ISO_IR 192", "张三", "utf-8", NONE),
        ("ISO_IR 192", "张三", "gbk", G),
        ("ISO_IR 192", "Jörg", "latin_1", NONE),
        ("GB18030", "张三", "gbk", NONE),
        ("GB18030", "张三", "utf-8", U),
        ("GB2312", "张三", "utf-8", U),
        ("GB2312", "李運", "gbk", NONE),
        ("GBK", "Müller^Jörg", "utf-8", U),
        ("ISO 2022 IR 100\\ISO 2022 IR 58", "张三", "gbk", G),
        # a label that names another script is believed
        ("ISO_IR 144", "Иванов", "iso8859_5", NONE),
        ("ISO_IR 144", "张三", "gbk", NONE),
        ("ISO_IR 13", "ﾔﾏﾀﾞ", "shift_jis", NONE),
    ],
)
def test_a_label_is_believed_as_far_as_it_can_be(
    declared: str, text: str, encoding: str, decided: Encoding | None
) -> None:
    assert weighed(declared, text.encode(encoding)).encoding is decided


def test_several_short_values_decide_together_and_contradictory_ones_do_not() -> None:
    wang, zhang = "王".encode("gbk"), "张".encode("gbk")
    assert weighed("ISO_IR 100", wang).is_doubtful
    assert weighed("ISO_IR 100", wang, zhang) == Evidence(encoding=G, texts=2, characters=2)
    assert weighed("ISO_IR 100", "张三".encode("gbk"), "Müller".encode("latin_1")) == Evidence(
        is_doubtful=True, texts=1, characters=2
    )
    assert weighed("ISO_IR 100", "张三".encode("gbk"), "张三".encode()).is_doubtful
    assert weighed("ISO_IR 192", "张三".encode(), "李四".encode("gbk")).is_doubtful


def test_escapes_and_plain_text_say_nothing() -> None:
    assert weighed("", b"\x1b$)A\xd5\xc5\xc8\xfd", b"Zhang^San", b"") == Evidence()


def test_a_value_cut_within_a_character_still_speaks() -> None:
    cut = ("张三丰" * 11).encode("gbk")[:63]
    assert weighed("ISO_IR 100", cut + b" ").encoding is G
    assert weighed("ISO_IR 100", ("张三丰" * 8).encode()[:64]).encoding is U


EVERYDAY = [
    bytes([lead, trail]).decode("gb2312") for lead in range(0xB0, 0xD7) for trail in range(0xA1, 0xFF)
]
ACCENTS = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"


@given(st.lists(st.sampled_from(EVERYDAY), min_size=2, max_size=8).map("".join), st.sampled_from(LOOSE))
def test_everyday_chinese_in_gbk_is_never_read_otherwise(text: str, declared: str) -> None:
    assert weighed(declared, text.encode("gbk")).encoding in {G, NONE}
    assert weighed("GB18030", text.encode("gbk")).encoding is NONE
    assert weighed(declared, text.encode()).encoding is U


@st.composite
def european_words(draw: st.DrawFn) -> str:
    """A word of plain letters with accented ones standing alone among them."""
    letters = draw(st.lists(st.sampled_from("abcdefghiklmnoprstuvz"), min_size=3, max_size=9))
    places = draw(st.sets(st.integers(min_value=0, max_value=len(letters) - 1), max_size=len(letters) // 2))
    for place in sorted(places):
        if place - 1 not in places:
            letters[place] = draw(st.sampled_from(ACCENTS))
    return "".join(letters).capitalize() if letters[0] != "ÿ" else "".join(letters)


@given(st.lists(european_words(), min_size=1, max_size=4), st.sampled_from(["", "ISO_IR 100"]))
def test_no_european_name_ever_becomes_chinese(names: list[str], declared: str) -> None:
    raw = "^".join(names).encode("latin_1", "ignore")
    assert weighed(declared, raw).encoding is NONE


@given(st.sampled_from(LABELS), st.lists(st.binary(max_size=40), max_size=4))
def test_any_bytes_can_be_weighed(declared: str, values: list[bytes]) -> None:
    evidence = weighed(declared, *values)
    assert evidence.encoding is None or not evidence.is_doubtful
