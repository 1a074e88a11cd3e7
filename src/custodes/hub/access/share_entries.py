"""What the hub's own entries say of a share: what was promised, by which link and session it opens, who released it.

A share's row is anybody's who writes the database. The entry of its making bears the hub's code over all of the row
that matters, the entries of its links and of their use a code of the token and of the session; a row counts as far as
they bear it out. One query, by the clip of the row: a share that was moved to another clip has no entries there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from custodes.hub.access.models import Share
from custodes.hub.audit import past
from custodes.hub.audit.trusted import Told
from custodes.hub.fleet import own_rows

MADE, LINK_MADE, LINK_USED, REVOKED = "share.made", "share.link_made", "share.link_used", "share.revoked"
ASKED, RELEASED = "share.release_asked", "share.released"
REFUSED, WITHDRAWN = "share.release_refused", "share.release_withdrawn"
RELEASES = frozenset({ASKED, RELEASED, REFUSED, WITHDRAWN})
KINDS = frozenset({MADE, LINK_MADE, LINK_USED, REVOKED}) | RELEASES
OPENED = "view.opened"
CODE, LINK, SESSION = "code", "link_code", "session_code"
ENTRIES, VIEWINGS = past.Entries(KINDS, by="share"), past.Entries((OPENED,), by="share")


@dataclass(slots=True)
class Standing:
    """Where its entries leave a share."""

    code: object = None
    link: object = None
    session: object = None
    revoked: bool = False
    used: bool = False
    opened: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    """The kind of the last entry about each recorded person."""

    @property
    def released_by(self) -> frozenset[str]:
        """Return who says yes."""
        return frozenset(person for person, kind in self.answers.items() if kind == RELEASED)


def code_of(share: Share) -> str:
    """Return the code of what a share promises: clip, recipient, purpose, end, cap, place, masking and cut."""
    return own_rows.code_of("share", *_promised(share))


def link_of(share_id: UUID, token_sha256: str) -> str:
    """Return the code of a share's link."""
    return own_rows.code_of("share link", share_id, token_sha256)


def session_of(share_id: UUID, session_sha256: str) -> str:
    """Return the code of the session that a share's link gave."""
    return own_rows.code_of("share session", share_id, session_sha256)


def standing(share: Share) -> Standing:
    """Return where its entries leave a share. Raises Denied where the ledger is not as the hub wrote it."""
    return follow(ENTRIES.of(share.pk), share.pk)


def views_of(share: Share) -> int:
    """Return how many viewings of a share were opened, by its entries."""
    return len(VIEWINGS.of(share.pk))


def follow(told: Iterable[Told], share_id: UUID) -> Standing:
    """Return where entries, in the ledger's order, leave one share."""
    found = Standing()
    for one in told:
        if one.body.get("share") != str(share_id):
            continue
        if one.kind in RELEASES:
            found.answers[str(one.body.get("person"))] = one.kind
        elif one.kind == REVOKED:
            found.revoked = True
        elif one.kind == LINK_USED:
            found.used, found.session = True, one.body.get(SESSION)
        else:
            # A share from before there were codes has them from the renewal of its link on.
            found.code = one.body.get(CODE, found.code)
            found.link, found.used, found.session = one.body.get(LINK), False, None
    return found


def keeps_promise(share: Share, stands: Standing) -> bool:
    """Say whether a row is what its entries promised, and was not ended by one."""
    return own_rows.fits(stands.code, "share", *_promised(share)) and not stands.revoked


def opens_by_link(share: Share, stands: Standing) -> bool:
    """Say whether the link of a row is the last that was made, and waits."""
    fits = own_rows.fits(stands.link, "share link", share.pk, share.token_sha256)
    return fits and not stands.used and keeps_promise(share, stands)


def opens_by_session(share: Share, stands: Standing) -> bool:
    """Say whether the session of a row is the one that its link gave."""
    fits = own_rows.fits(stands.session, "share session", share.pk, share.session_sha256)
    return fits and keeps_promise(share, stands)


def _promised(share: Share) -> tuple[object, ...]:
    return (
        share.pk,
        share.clip_id,
        share.made_by_id,
        share.recipient_name,
        share.recipient_email,
        share.purpose,
        share.reason,
        share.made_at,
        share.ends_at,
        share.max_views,
        share.with_place,
        share.masked,
        share.cut_json,
    )
