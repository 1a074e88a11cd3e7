"""Where a share stands: as the policies see it, and as people read it."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from custodes.hub.access import recorded, share_entries
from custodes.hub.access.models import Release, Share
from custodes.hub.access.requests import ShareFacts
from custodes.hub.fleet import account_codes, given_roles
from custodes.hub.fleet.models import Membership


def facts_of(share: Share, stands: share_entries.Standing, *, opening: bool, now: datetime) -> ShareFacts:
    """Return a share as the policies see it, by what the database and its entries say at this moment.

    `opening`: one more viewing is asked for; else the next bytes of one that is open and was counted.
    """
    used = share.views_used + (1 if opening else 0)
    return ShareFacts(
        share_id=str(share.pk),
        clip_id=str(share.clip_id),
        purpose=share.purpose,
        revoked=share.revoked_at is not None or stands.revoked,
        ended=share.ends_at <= now,
        used_up=used > share.max_views,
        outside=is_outside(share, stands, now=now),
        released=is_released(share, stands),
    )


def is_outside(share: Share, stands: share_entries.Standing | None = None, *, now: datetime) -> bool:
    """Say whether the link may reach somebody who has no role in the clip's organisation now.

    An address is a mere word until the hub has mailed the link to it: without mail whoever shares holds the link, and
    everybody counts as outside. So does, for good, whoever had to be released once: that link was handed over. An
    address that was written to a colleague's account by hand is no colleague's.
    """
    if not goes_by_mail() or share.releases.exists() or (stands or share_entries.standing(share)).answers:
        return True
    held = Membership.objects.filter(Q(until=None) | Q(until__gt=now), organisation_id=share.clip.site.organisation_id)
    there = held.filter(person__email__iexact=share.recipient_email, person__is_active=True)
    own = given_roles.counting(there).select_related("person")
    return not any(account_codes.password_fits(row.person) for row in own)


def goes_by_mail() -> bool:
    """Say whether links reach the named person by mail, and nobody else."""
    return bool(settings.HUB.mail.host)


def is_released(share: Share, stands: share_entries.Standing | None = None) -> bool:
    """Say whether everybody who is recorded says yes to this share. Where nobody is known, nobody has.

    Who says yes by the row and by the last entry about them: neither alone counts.
    """
    people = set(recorded.people_in(share.clip))
    given = share.releases.filter(state=Release.State.GIVEN) if share.pk else Release.objects.none()
    by_rows = set(given.values_list("person_id", flat=True))
    if not people or not people <= by_rows:
        return False
    said = (stands or share_entries.standing(share)).released_by
    return {str(one) for one in people} <= said


def has_ended(share: Share, *, now: datetime) -> bool:
    """Say whether a share is over for good: revoked, or past its time."""
    return share.revoked_at is not None or share.ends_at <= now
