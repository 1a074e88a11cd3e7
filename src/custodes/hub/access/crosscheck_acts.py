"""Hold shares, releases, grants and requests for originals to the ledger: none is made up or revived, no yes forged."""

import json
from collections.abc import Iterator
from typing import Any

from custodes.hub.access import share_entries, unsealing_entries
from custodes.hub.access.models import Grant, Release, Share, Unsealing
from custodes.hub.audit import said
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.report import Problem

RELEASES = {
    "share.release_asked": Release.State.ASKED,
    "share.released": Release.State.GIVEN,
    "share.release_refused": Release.State.REFUSED,
    "share.release_withdrawn": Release.State.WITHDRAWN,
}


def shares_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each share or grant that no entry began, or that stands although an entry ended it."""
    for rows, key, began, ended in (
        (Share.objects.all(), "share", "share.made", "share.revoked"),
        (Grant.objects.all(), "grant", "grant.given", "grant.revoked"),
    ):
        made, over = _said(began, key), _said(ended, key)
        for row in rows.iterator():
            name = str(row.pk)
            if name not in made:
                yield Problem("grant_edited", None, f"{key} {name} was added by hand: no entry says that it was given")
            elif name in over and row.revoked_at is None:
                yield Problem("grant_edited", over[name][0], f"{key} {name} was revoked, and stands again by hand")


def shares_as_promised() -> Iterator[Problem]:
    """Yield a problem for each living share whose row is not what its entries promised: recipient, end, cap, link …

    One from before there were codes opens nothing until its link is made anew: no finding.
    """
    for share in Share.objects.filter(revoked_at=None).order_by("pk").iterator():
        stands = share_entries.follow(share_entries.ENTRIES.looked_up(share.pk), share.pk)
        if stands.code is None or stands.revoked:
            continue
        wrong = []
        if not share_entries.keeps_promise(share, stands):
            wrong.append("what it promises")
        if stands.link != share_entries.link_of(share.pk, share.token_sha256):
            wrong.append("its link")
        session = share.session_sha256
        if stands.session != (None if session is None else share_entries.session_of(share.pk, session)):
            wrong.append("its session")
        if share.views_used < len(share_entries.VIEWINGS.looked_up(share.pk)):
            wrong.append("how often it was opened")
        if wrong:
            message = f"share {share.pk} is not what its entries say: {', '.join(wrong)} edited by hand"
            yield Problem("grant_edited", None, message)


def originals_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each request for an original that is not what its entries say, whatever its state.

    And for each original that was taken although no entry before says that somebody else approved it, nor that the
    glass was broken.
    """
    told: dict[str, list[said.Said]] = {}
    for one in said.entries(*unsealing_entries.KINDS):
        about = told.setdefault(str(one.get("unsealing")), [])
        if one.kind == unsealing_entries.TAKEN and not unsealing_entries.follow(about).is_granted:
            message = f"entry {one.seq} says that an original was taken, but none before that it was granted"
            yield Problem("original_edited", one.seq, message)
        about.append(one)
    for row in Unsealing.objects.iterator():
        stands = unsealing_entries.follow(told.get(str(row.pk), []))
        if stands.began is None:
            yield Problem("original_edited", None, f"the request {row.pk} for an original was added by hand")
        elif not unsealing_entries.bears_out(stands, row):
            message = f"the request {row.pk} for an original is not what its entries say: it was edited by hand"
            yield Problem("original_edited", told[str(row.pk)][-1].seq, message)
        elif stands.is_taken != (row.used_at is not None):
            message = f"whether the original of request {row.pk} was taken is not so by its row"
            yield Problem("original_edited", told[str(row.pk)][-1].seq, message)


def releases_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each release of a share that the recorded person did not give, and for each that is gone."""
    last = {(str(one.get("share")), str(one.get("person"))): one for one in said.entries(*RELEASES)}
    shares = {str(pk) for pk in Share.objects.values_list("pk", flat=True)}
    rows = {(str(row.share_id), str(row.person_id)): row for row in Release.objects.all()}
    for key in {*rows, *(one for one in last if one[0] in shares)}:
        told, row = last.get(key), rows.get(key)
        share, person = key
        if row is None:
            message = f"whether {person} releases share {share} was asked, and the question was removed"
            yield Problem("release_edited", None if told is None else told.seq, message)
        elif told is None or RELEASES[told.kind] != row.state:
            message = f"{person} did not answer about share {share} as the row says: {row.state}"
            yield Problem("release_edited", None if told is None else told.seq, message)


def _said(kind: str, key: str) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return what the last entry of a kind says of each thing. An entry without its body bears out nothing."""
    bodies = LedgerBody.objects.filter(leaf__kind=kind).order_by("pk")
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for seq, text in bodies.values_list("pk", "body_json"):
        body = json.loads(text)
        found[str(body.get(key))] = (seq, body)
    return found
