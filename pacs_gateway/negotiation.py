"""Answers an association request: admission first, then each presentation context by our own preferences.

pynetdicom would negotiate by itself, and a handler of its request event that fails is only logged: the
association would stand without admission. Here nothing is accepted that was not decided.
"""

from typing import TYPE_CHECKING, Final, cast

from pynetdicom.acse import ACSE
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext

from pacs_gateway.admission import Admission, Caller
from pacs_gateway.pdu import Rejection
from pacs_gateway.presentation import ContextRefusal, accept_context, in_short

if TYPE_CHECKING:
    from pacs_gateway.association import DeviceAssociation

ACCEPTANCE: Final = 0
IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"


class Negotiation(ACSE):
    """The association control of one association."""

    def __init__(
        self, association: "DeviceAssociation", admission: Admission, *, accept_any_storage_class: bool
    ) -> None:
        super().__init__(association)
        self._association = association
        self._admission = admission
        self._accept_any = accept_any_storage_class

    def is_release_requested(self) -> bool:
        """Whether the sender wants to release, which has to wait until its requests are answered."""
        return self._association.dimse.msg_queue.empty() and super().is_release_requested()

    def _negotiate_as_acceptor(self) -> None:
        association = self._association
        request = cast(A_ASSOCIATE, self.requestor.primitive)
        self.requestor.ae_title = request.calling_ae_title
        decision = self._admission.admit(
            Caller(
                calling_ae_title=request.calling_ae_title,
                called_ae_title=request.called_ae_title,
                address=self.requestor.address,
                certificate=association.certificate,
            ),
            association,
            proposed=lambda: in_short(
                [
                    (str(context.abstract_syntax or ""), [str(uid) for uid in context.transfer_syntax])
                    for context in request.presentation_context_definition_list
                ]
            ),
        )
        if isinstance(decision, Rejection):
            self._turn_away(decision)
        else:
            association.belongs_to(decision)
            self._accept(request)

    def _turn_away(self, rejection: Rejection) -> None:
        self._association.note_end(f"rejected: {rejection.reason}")
        self.send_reject(rejection.result, rejection.source, rejection.diagnostic)
        self._association.kill()

    def _accept(self, request: A_ASSOCIATE) -> None:
        # Nothing is said of roles, so the sender is the SCU; nothing of asynchronous operations, so it is one
        # at a time; nothing of user identity, which a device does not need (PS3.7 D.3.3).
        results = [self._answer_to(context) for context in request.presentation_context_definition_list]
        self._association.accept({cast(int, each.context_id): each for each in results if each.result == 0})
        self._association.turn_down([each for each in results if each.result != 0])
        self.send_accept()
        self._association.is_established = True

    def _answer_to(self, proposed: PresentationContext) -> PresentationContext:
        chosen = accept_context(
            str(proposed.abstract_syntax or ""),
            [str(syntax) for syntax in proposed.transfer_syntax],
            accept_any=self._accept_any,
        )
        context = PresentationContext()
        context.context_id = proposed.context_id
        context.abstract_syntax = proposed.abstract_syntax
        if isinstance(chosen, ContextRefusal):
            context.result = int(chosen)
            # Not significant in a refusal (PS3.8 9.3.3.2), but an item there must be.
            context.transfer_syntax = list(proposed.transfer_syntax[:1]) or [IMPLICIT_VR_LITTLE_ENDIAN]
        else:
            context.result = ACCEPTANCE
            context.transfer_syntax = [chosen]
        return context
