"""The served HTTP edge of `tests/viewer_api`, asked what the standard asks."""

from tests.viewer_api.conftest import address, application, caller, database, edge, registered

__all__ = ["address", "application", "caller", "database", "edge", "registered"]
