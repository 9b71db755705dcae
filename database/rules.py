"""The rules under the queries, on either engine, made from the declared tables after every migration."""

from sqlalchemy import Connection, MetaData

from database import append_only, row_security, topic_triggers


def is_secured(connection: Connection, metadata: MetaData) -> bool:
    """Whether the catalogue has just the rules that the tables ask for."""
    if connection.dialect.name == "sqlite":
        modules = (append_only, topic_triggers)
        return all(module.is_guarded(connection, metadata) for module in modules)
    return row_security.is_secured(connection, metadata)


def lift(connection: Connection) -> None:
    """Let the transaction that changes the schema move any row; `secure` ends this, in the same one."""
    if connection.dialect.name == "sqlite":
        append_only.lift(connection)
        topic_triggers.lift(connection)


def secure(connection: Connection, metadata: MetaData) -> None:
    """Give the catalogue its rules.

    Raises:
        Misconfigured: a server does not let us; the message says what to do.
    """
    if connection.dialect.name == "sqlite":
        append_only.guard(connection, metadata)
        topic_triggers.guard(connection, metadata)
    else:
        row_security.secure(connection, metadata)
