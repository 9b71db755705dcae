"""By what a name is found: any part of it, in characters or in pinyin, whatever is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.name_keys import KEYS, LONGEST_KEY, KeyKind, name_keys, words


def is_found(name: str, typed: str) -> bool:
    keys = [key for kind, key in name_keys(name) if kind is KeyKind.TYPED]
    asked = words(typed)
    return bool(asked) and all(any(key.startswith(word) for key in keys) for word in asked)


@pytest.mark.parametrize(
    ("name", "hits", "misses"),
    [
        (
            "Zhang^San=张^三",
            [
                "zhang",
                "ZHANG",
                "san",
                "zhangsan",
                "zhang san",
                "San Zhang",
                "zs",
                "Zhang^San",
                "张",
                "三",
                "张三",
                "zh",
            ],
            ["li", "sz x", "hang", "四", ""],
        ),
        (
            "张三丰",
            ["zhang", "zhangsanfeng", "zsf", "sanfeng", "sf", "张三", "三丰", "zhang sanfeng"],
            ["feng zh li", "sanf x"],
        ),
        ("吕布", ["lv", "lu", "lyu", "lvbu", "lb", "吕"], ["lübu x", "bulu"]),
        ("单田芳", ["shan", "dan", "stf", "shantianfang"], ["zhan"]),
        ("欧阳^娜娜", ["ouyang", "nana", "oynn", "欧阳娜娜", "欧阳 娜娜"], ["yangou"]),
        ("阿不都·热西提", ["abudu", "rexiti", "阿不都热西提", "热西提"], ["xitia"]),
        ("Müller^Jörg", ["müller", "muller", "jörg", "MÜLLER", "jorg"], ["moller"]),
        ("李運", ["liyun", "ly", "李運", "運"], ["李^x", "运"]),
        ("100%_!", ["100"], ["%", "_", "!", "1x0"]),
        ("", [], ["", "a", "*"]),
    ],
)
def test_a_name_is_found_by_its_parts(name: str, hits: list[str], misses: list[str]) -> None:
    assert [typed for typed in hits if not is_found(name, typed)] == []
    assert [typed for typed in misses if is_found(name, typed)] == []


def test_whole_name_and_groups_are_kept_without_case() -> None:
    keys = name_keys("Zhang^San=张^三=ㄓㄤ")
    assert {key for kind, key in keys if kind is KeyKind.NAME} == {"zhang^san=张^三=ㄓㄤ"}
    assert {key for kind, key in keys if kind is KeyKind.GROUP} == {"zhang^san", "张^三", "ㄓㄤ"}


@given(st.text(max_size=60) | st.text(alphabet="单重解曾^= 张a", max_size=2000))
def test_any_name_has_few_and_short_keys(name: str) -> None:
    keys = name_keys(name)
    assert len(keys) <= KEYS + 4
    assert all(len(key) <= LONGEST_KEY for _, key in keys)
    assert (KeyKind.NAME, name.lower()[:LONGEST_KEY]) in keys
