"""Everything that can go wrong, in the hub's own words.

The docstring of a class is its message when none is given. No status code lives here: each edge owns one
table (`pacs_gateway.status`, `viewer_api.problems`) and a house test holds both complete.
"""


class HubError(Exception):
    """Something went wrong in the hub."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class InvalidInstance(HubError):
    """The data set cannot be read as DICOM, or lacks the UIDs that would let anyone find it again."""


class DataSetMismatch(HubError):
    """The data set is not the one that the request announced."""


class UnsupportedSOPClass(HubError):
    """This SOP Class is not kept here."""


class UnsupportedTransferSyntax(HubError):
    """This transfer syntax is not available for the object."""


class TooLarge(HubError):
    """More than a limit of this hub allows; sending it again will not help."""


class QuotaExceeded(HubError):
    """There is no room for it now; send it again later."""


class StorageUnavailable(HubError):
    """The store or the catalogue cannot be reached; try again shortly."""


class InvalidQuery(HubError):
    """The query cannot be understood."""


class InvalidRequest(HubError):
    """The request cannot be understood."""


class NotFound(HubError):
    """There is no such thing, or it is not yours to see."""


class NotPermitted(HubError):
    """Your role does not allow this."""


class NotAuthenticated(HubError):
    """Log in, or send a valid token."""


class PasswordChangeRequired(HubError):
    """This password was given for one use: set your own first."""


class RecentLoginRequired(HubError):
    """To sign, log in again: your password was asked for too long ago."""


class TooManyAttempts(HubError):
    """Too many attempts; wait a little before the next."""


class WorkitemStateConflict(HubError):
    """The workitem is not in a state that allows this."""


class ReportStateConflict(HubError):
    """The report is not in a state that allows this."""


class PatientConflict(HubError):
    """Something came for this study that shows another patient: an administrator has to decide first."""


class AlreadySettled(HubError):
    """Somebody has decided on this already; look at it again."""


class StaleVersion(HubError):
    """Somebody else changed it since you read it; what you sent is kept aside."""


class VersionRequired(HubError):
    """Say which version you changed: send If-Match with the ETag you were given."""


class AlreadyRegistered(HubError):
    """Something of that name is registered already."""


class Misconfigured(HubError):
    """A setting does not allow the hub to start."""
