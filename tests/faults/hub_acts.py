"""Acts on a hub's folder, run as a process: a site with an enrolment code, households; the facts of a clip."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path


def household(number: int, now: datetime) -> dict[str, str]:
    """Found a home whose owner is signed in; return the code for its camera and the session's cookie."""
    sys.path.append(str(Path(__file__).parent.parent))
    from custodes.hub.fleet import roles, services
    from custodes.hub.fleet.models import Person
    from signed_in import session_of

    home = services.create_organisation(name=f"Home {number}", kind="household", now=now)
    site = services.create_site(organisation=home, name="Porch", kind="home", now=now)
    owner = Person.objects.create_user(f"owner{number}@example.org", display_name=f"Owner {number}")
    roles.give_role(person=owner, organisation=home, role="owner", now=now)
    return {"code": services.issue_code(site=site, now=now).code, "session": session_of(owner)}


def main() -> None:
    order = json.loads(sys.argv[1])
    os.environ["DJANGO_SETTINGS_MODULE"] = "custodes.hub.settings"
    import django

    django.setup()
    from django.utils import timezone

    from custodes.hub.fleet import services

    now = timezone.now()
    if order["action"] == "site_with_code":
        company = services.create_organisation(name="Harbour Vans", kind="company", now=now)
        site = services.create_site(organisation=company, name="Van 12", kind="vehicle", now=now)
        print(json.dumps({"code": services.issue_code(site=site, now=now).code}))
    elif order["action"] == "households":
        print(json.dumps({str(number): household(number, now) for number in range(int(order["count"]))}))
    elif order["action"] == "film_sha256":
        import hashlib

        from custodes.hub.clips.footage import open_part
        from custodes.hub.clips.models import Clip

        digest = hashlib.sha256()
        for piece in open_part(Clip.objects.get(pk=order["clip_id"]), "film.road").chunks:
            digest.update(piece)
        print(json.dumps({"sha256": digest.hexdigest()}))
    elif order["action"] == "verify_ledger":
        from custodes.hub.audit.models import LedgerLeaf

        received = LedgerLeaf.objects.filter(kind="clip.received").count()
        print(json.dumps({"received": str(received)}))


main()
