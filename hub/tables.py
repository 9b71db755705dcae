"""Every table of every room, so that the schema is whole wherever it is made or compared."""

import database.audit
import database.change_feed
import database.jobs
import database.tallies
import database.topics
import registry.tables
import renditions.tables
import reporting.tables
import storage.tables
import worklist.tables
from database.schema import metadata

__all__ = ["metadata"]

ROOMS = (
    database.audit,
    database.change_feed,
    database.jobs,
    database.tallies,
    database.topics,
    registry.tables,
    storage.tables,
    renditions.tables,
    worklist.tables,
    reporting.tables,
)
