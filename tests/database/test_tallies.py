"""Numbers that grow, whoever counts."""

from database.engine import Database
from database.tallies import add_to_tally, read_tally


def test_what_is_counted_is_added_to_what_was_counted_before(database: Database) -> None:
    for name, counted in (("a", {"x": 2, "y": 1}), ("b", {"x": 7}), ("a", {"x": 3}), ("a", {})):
        with database.write() as connection:
            add_to_tally(connection, name, counted)
    with database.read() as connection:
        assert read_tally(connection, "a") == {"x": 5, "y": 1}
        assert read_tally(connection, "c") == {}
