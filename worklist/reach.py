"""Where an actor's cases may lie: what the transactions of a reader are opened for."""

from core.access import EVERY_SITE, Act, Actor, Scope
from database.engine import Database
from worklist.turn_records import sites_of_turns


def reach(database: Database, actor: Actor, *acts: Act) -> Scope:
    """Return the sites where an actor may do any of these, and those where they ever had a turn.

    A turn outlives the route and the role that led to it; what was written in it stays one's own. Which case
    it is, and whether it may be seen, is still the query's to say.
    """
    scopes = [actor.scope(act) for act in acts]
    if any(scope.everything for scope in scopes):
        return EVERY_SITE
    known = Scope().joined(site_id for scope in scopes for site_id in scope.sites)
    # every site: where their turns were is just what is asked
    with database.read(within=EVERY_SITE) as connection:
        return known.joined(sites_of_turns(connection, actor.account_id))
