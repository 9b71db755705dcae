"""What a route asks of whoever calls: a role that allows the act somewhere. Where, the rooms decide.

A role that never allows an act is told so (403); what lies outside the scope of one that does is not found.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends

from core.access import Act, Actor
from core.errors import NotPermitted
from viewer_api.authentication import SignedIn


def allowed(act: Act) -> Callable[[Actor], Actor]:
    """Return a dependency that gives the actor, or raises NotPermitted where no grant allows the act."""

    def permitted(actor: SignedIn) -> Actor:
        if not actor.may(act):
            raise NotPermitted
        return actor

    return permitted


Searching = Annotated[Actor, Depends(allowed(Act.SEARCH))]
Requesting = Annotated[Actor, Depends(allowed(Act.REQUEST))]
Reading = Annotated[Actor, Depends(allowed(Act.READ))]
Receiving = Annotated[Actor, Depends(allowed(Act.RECEIVE))]
Tracing = Annotated[Actor, Depends(allowed(Act.TRACE))]
