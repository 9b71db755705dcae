"""Two written names: one person's, or not."""

import pytest

from storage.person_name import are_other_names

SAME = [
    ("Zhang^San=张^三", "Zhang^San=张^三"),
    ("Zhang^San=张^三", "ZHANG^SAN"),
    ("Zhang^San=张^三", "=张^三"),
    ("Zhang^San=张^三", "张三"),
    ("张三", "张^三^^^"),
    ("ZHANG SAN", "Zhang^San"),
    ("Zhang,San", "zhang^san"),
    ("Ｚｈａｎｇ＾Ｓａｎ", "Zhang^San"),
    ("Zhāng^Sān", "Zhang^San"),
    ("Zhang^San^^Dr", "Zhang^San"),
    ("张^三^^^先生", "张^三"),
    ("Zhang^San=张^三", "Chang^San=张^三"),
    ("Zhang^San=张^三", "Zhang^San=章^三"),
    ("Müller^Ilse", "Mu\u0308ller^Ilse"),
]
NOTHING_TO_TELL = [
    ("", "Zhang^San"),
    ("^^^^", "Zhang^San"),
    ("Zhang^San", "张^三"),
    ("Zhang^San", "李^四"),
    ("张\ufffd", "李^四"),
    ("?", "李^四"),
]
OTHERS = [
    ("Zhang^San=张^三", "Li^Si=李^四"),
    ("Zhang^San=张^三", "李四"),
    ("Zhang^San", "Li^Si"),
    ("张三", "张三丰"),
    ("Zhang^San", "San^Zhang"),
    ("Zhang^San=张^三", "Li^Si"),
]


@pytest.mark.parametrize(("one", "other"), SAME + NOTHING_TO_TELL)
def test_names_that_agree_or_cannot_be_compared_are_no_difference(one: str, other: str) -> None:
    assert not are_other_names(one, other)
    assert not are_other_names(other, one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_names_that_agree_in_no_group_they_share_are_of_others(one: str, other: str) -> None:
    assert are_other_names(one, other)
    assert are_other_names(other, one)
