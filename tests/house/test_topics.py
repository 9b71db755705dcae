"""Every table raises a topic of what is recalled, or says why none."""

from database.schema import metadata
from database.topics import RAISED_BY, WITHOUT_TOPIC
from tests.fixtures.catalogue import declare_tables

declare_tables()


def test_every_table_raises_a_topic_or_says_why_not() -> None:
    assert {*RAISED_BY} | {*WITHOUT_TOPIC} == {*metadata.tables}, "name it in database/topics.py"
    assert not {*RAISED_BY} & {*WITHOUT_TOPIC}
