"""A unit joins by a short code: ten minutes, three tries, one use, one key."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cast import NOW, NOW_NS, Cast, tell_of_shifts
from custodes.core.errors import BadInput, Denied, Temporary
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.audit.verify import verify
from custodes.hub.fleet import services
from custodes.hub.fleet.enrolment import ALPHABET
from custodes.hub.fleet.models import EnrolmentCode, Unit

pytestmark = pytest.mark.django_db


def new_key() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def enrol(code: str, **changes: object) -> Unit:
    facts = {"code": code, "public_key": new_key(), "unit_name": "Van 12", "now": NOW, "address": "192.0.2.7"}
    return services.enrol_unit(**{**facts, **changes})


def wrong(code: str) -> str:
    """Return the code with its last letter changed."""
    return code[:-1] + ("3" if code[-1] == "2" else "2")


def test_a_code_joins_one_unit_to_its_site(cast: Cast) -> None:
    issued = services.issue_code(site=cast.van, by=cast.alice, now=NOW)
    assert len(issued.code) == 9
    assert set(issued.code.replace("-", "")) <= set(ALPHABET)
    unit = enrol(issued.code.lower().replace("-", " "))
    assert unit.site == cast.van
    kinds = list(LedgerLeaf.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds[-2:] == ["enrolment.code_issued", "unit.enrolled"]
    with pytest.raises(BadInput, match="wrong, used, or older"):
        enrol(issued.code)


def test_the_code_itself_is_not_kept(cast: Cast) -> None:
    issued = services.issue_code(site=cast.van, now=NOW)
    row = EnrolmentCode.objects.get()
    assert issued.code[5:] not in f"{row.locator}{row.code_sha256}"


@pytest.mark.parametrize(("age", "works"), [(timedelta(minutes=9, seconds=59), True), (timedelta(minutes=10), False)])
def test_a_code_lives_ten_minutes(cast: Cast, age: timedelta, works: bool) -> None:
    issued = services.issue_code(site=cast.van, now=NOW)
    if works:
        assert enrol(issued.code, now=NOW + age)
    else:
        with pytest.raises(BadInput):
            enrol(issued.code, now=NOW + age)


@pytest.mark.parametrize(("failures", "works"), [(2, True), (3, False)])
def test_a_code_allows_three_tries(cast: Cast, failures: int, works: bool) -> None:
    issued = services.issue_code(site=cast.van, now=NOW)
    for _ in range(failures):
        with pytest.raises(BadInput):
            enrol(wrong(issued.code))
    if works:
        assert enrol(issued.code)
    else:
        with pytest.raises(BadInput):
            enrol(issued.code)


def test_guessing_from_one_address_is_stopped_and_not_from_others(cast: Cast) -> None:
    issued = services.issue_code(site=cast.van, now=NOW)
    for _ in range(10):
        with pytest.raises(BadInput):
            enrol("2222-2222")
    with pytest.raises(Temporary, match="Too many wrong codes"):
        enrol(issued.code)
    assert enrol(issued.code, address="192.0.2.8")


def test_guessing_ends_for_a_while_for_everybody(cast: Cast) -> None:
    for number in range(100):
        with pytest.raises(BadInput):
            enrol("2222-2222", address=f"192.0.2.{number}")
    with pytest.raises(Temporary):
        enrol("2222-2222", address="198.51.100.1")
    issued = services.issue_code(site=cast.van, now=NOW + timedelta(minutes=10))
    assert enrol(issued.code, now=NOW + timedelta(minutes=10))


def test_two_units_never_share_a_key(cast: Cast) -> None:
    key = new_key()
    enrol(services.issue_code(site=cast.van, now=NOW).code, public_key=key)
    second = services.issue_code(site=cast.home, now=NOW)
    with pytest.raises(BadInput, match="belongs to a unit already"):
        enrol(second.code, public_key=key)
    assert enrol(second.code).site == cast.home


def test_a_revoked_key_does_not_come_back(cast: Cast) -> None:
    key = new_key()
    unit = enrol(services.issue_code(site=cast.van, now=NOW).code, public_key=key)
    services.revoke_unit(unit=unit, by=cast.alice, reason="stolen", now=NOW)
    services.revoke_unit(unit=unit, by=cast.alice, now=NOW)
    assert unit.revoked_at == NOW
    assert LedgerLeaf.objects.filter(kind="unit.revoked").count() == 1
    with pytest.raises(BadInput):
        enrol(services.issue_code(site=cast.van, now=NOW).code, public_key=key)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_malformed_key_is_refused_before_the_code_is_tried(cast: Cast, key: bytes) -> None:
    issued = services.issue_code(site=cast.van, now=NOW)
    with pytest.raises(BadInput, match="public_key: give the 32 bytes"):
        enrol(issued.code, public_key=key)
    assert EnrolmentCode.objects.get().tries_left == 3


@pytest.mark.parametrize("who", ["bob", "charlie", "dina", "sam", "eve", "stranger", "root"])
def test_only_who_runs_the_organisation_issues_and_revokes(cast: Cast, who: str) -> None:
    with pytest.raises(Denied):
        services.issue_code(site=cast.van, by=getattr(cast, who), now=NOW)
    with pytest.raises(Denied):
        services.revoke_unit(unit=cast.van_unit, by=getattr(cast, who), now=NOW)


def test_a_code_whose_row_was_moved_enrols_in_no_other_company(cast: Cast) -> None:
    issued = services.issue_code(site=cast.rival_van, by=cast.charlie, now=NOW)
    EnrolmentCode.objects.update(site=cast.van)
    with pytest.raises(BadInput, match="wrong, used, or older"):
        enrol(issued.code)
    EnrolmentCode.objects.update(site=cast.rival_van)
    assert enrol(issued.code).site == cast.rival_van


@pytest.mark.parametrize("later", [timedelta(minutes=1), timedelta(days=90)])
@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_used_code_whose_row_was_revived_enrols_nobody(cast: Cast, later: timedelta, is_hidden: bool) -> None:
    issued = services.issue_code(site=cast.van, by=cast.alice, now=NOW)
    enrol(issued.code)
    now = NOW + later
    EnrolmentCode.objects.update(used_at=None, unit=None, expires_at=now + timedelta(minutes=1))
    if is_hidden:
        LedgerLeaf.objects.filter(kind="unit.enrolled").update(kind="unit.revoked")
    with pytest.raises((BadInput, Denied)):
        enrol(issued.code, now=now)


def test_verify_names_a_unit_that_enrolled_by_another_code_than_was_issued(cast: Cast) -> None:
    tell_of_shifts()
    good = enrol(services.issue_code(site=cast.van, now=NOW).code)
    assert verify().ok
    code = EnrolmentCode.objects.get().pk
    for site, at in ((cast.rival_van, NOW), (cast.van, NOW), (cast.van, NOW + timedelta(days=90))):
        body = {"unit": good.pk, "site": site.pk, "code": code, "key_sha256": "0" * 64}
        ledger.append(kind="unit.enrolled", body=body, now_ns=int(at.timestamp()) * 10**9)
    ledger.signed_head(now_ns=NOW_NS)
    said = [one.message for one in verify().problems if "by a row edited by hand" in one.message]
    assert [one.partition("hand: ")[2] for one in said] == [
        "no code was issued for its site",
        "its code was used before",
        "its code was over",
    ]
