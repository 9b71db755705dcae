"""Numbers that only grow and outlive the process that counts: what a command that ends has done.

Names and words are the hub's own few; nothing that comes from outside is counted under its own name.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, String, Table, insert, select, update

from database.schema import metadata

IMPORTED: Final = "imported"
"""What became of every file of the media that were imported."""

tallies = Table(
    "tallies",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("word", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
)


def add_to_tally(connection: Connection, name: str, counted: Mapping[str, int]) -> None:
    """Add what was counted, within a write's turn: nobody else adds between the look and the insert."""
    for word, number in sorted(counted.items()):
        grown = connection.execute(
            update(tallies).filter_by(name=name, word=word).values(number=tallies.c.number + number)
        )
        if not grown.rowcount:
            connection.execute(
                insert(tallies),
                {
                    "name": name,
                    "word": word,
                    "number": number,
                },
            )


def read_tally(connection: Connection, name: str) -> dict[str, int]:
    """Return the numbers of a name by word."""
    rows = connection.execute(select(tallies.c.word, tallies.c.number).filter_by(name=name))
    return {row.word: row.number for row in rows}
