"""The address of the catalogue, asked of a server that wants a password."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import pytest
from sqlalchemy import text

from core.errors import StorageUnavailable
from database.address import require_usable
from tests.fixtures.catalogue import open_catalogue
from tests.fixtures.postgresql import HOST, LOGIN_BY_PASSWORD, PostgreSQLServer

PASSWORD = "can@ary:of/the%40hub ?#&=鼠"


@pytest.fixture
def server(postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """A server with a login that has a password of every character that means something in an address."""
    postgresql_server.order(f"CREATE ROLE {LOGIN_BY_PASSWORD} LOGIN PASSWORD '{PASSWORD}'")
    yield postgresql_server
    postgresql_server.order(f"DROP ROLE {LOGIN_BY_PASSWORD}")


def login_with(server: PostgreSQLServer, password: str) -> str:
    """Log in and return as whom."""
    url = f"postgresql+psycopg://{LOGIN_BY_PASSWORD}:{quote(password, safe='')}@{HOST}:{server.port}/postgres"
    require_usable(url)
    with closing(open_catalogue(url)) as database, database.survey() as connection:
        return str(connection.scalar(text("SELECT current_user")))


def test_a_password_of_special_characters_is_used_as_it_is_when_they_are_escaped(
    server: PostgreSQLServer,
) -> None:
    assert login_with(server, PASSWORD) == LOGIN_BY_PASSWORD


def test_a_wrong_password_is_not_shown_by_what_is_said_of_it(server: PostgreSQLServer) -> None:
    with pytest.raises(StorageUnavailable) as refused:
        login_with(server, "canary@of")
    error: BaseException | None = refused.value
    while error is not None:
        assert "canary" not in str(error)
        error = error.__cause__
