"""A request's signature proves who sent exactly this, and nothing else passes."""

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from custodes.core import signing

KEY = Ed25519PrivateKey.generate()
NOW_S = 1_767_268_800
LINE = signing.RequestLine("PATCH", "hub.example:8443", "/api/unit/v1/tus/x/film.road", {"upload-offset": "0"})


def signed(
    line: signing.RequestLine = LINE, *, created_s: int = NOW_S, key: Ed25519PrivateKey = KEY, nonce: str = "n" * 22
):
    headers = signing.sign_headers(line, key=key, key_id="unit-1", sequence=7, nonce=nonce, created_s=created_s)
    return {**line.headers, **{name.lower(): value for name, value in headers.items()}}


def check(headers: dict[str, str], **changes: str) -> signing.VerifiedRequest:
    line = signing.RequestLine(
        changes.get("method", LINE.method),
        changes.get("authority", LINE.authority),
        changes.get("path", LINE.path),
        headers,
    )
    return signing.verify(line, find_key=lambda name: KEY.public_key() if name == "unit-1" else None, now_s=NOW_S)


def test_a_signed_request_is_proven():
    proven = check(signed())
    assert (proven.key_id, proven.sequence, proven.created_s) == ("unit-1", 7, NOW_S)
    assert proven.body_sha256 == signing.EMPTY_DIGEST


@pytest.mark.parametrize(
    "changes",
    [{"method": "POST"}, {"authority": "evil.example"}, {"path": "/api/unit/v1/tus/y/film.road"}],
    ids=lambda one: next(iter(one)),
)
def test_a_request_moved_elsewhere_is_refused(changes: dict[str, str]):
    with pytest.raises(signing.BadSignature) as refused:
        check(signed(), **changes)
    assert refused.value.code == "bad_signature"


@pytest.mark.parametrize("name", ["upload-offset", "content-digest", "custodes-sequence", "signature"])
def test_a_changed_header_is_refused(name: str):
    headers = signed()
    headers[name] = headers[name].replace("0", "1", 1) if "0" in headers[name] else "8"
    with pytest.raises(signing.BadSignature):
        check(headers)


def test_a_tus_header_added_on_the_way_is_refused():
    headers = signed()
    headers["upload-checksum"] = "sha1 abc"
    with pytest.raises(signing.BadSignature) as refused:
        check(headers)
    assert refused.value.code == "bad_signature"


def test_another_key_is_refused():
    with pytest.raises(signing.BadSignature):
        check(signed(key=Ed25519PrivateKey.generate()))


def test_an_unsigned_request_is_told_so():
    with pytest.raises(signing.BadSignature) as refused:
        check({})
    assert refused.value.code == "unsigned"


@pytest.mark.parametrize("off_s", [-301, 301, 10**6])
def test_a_clock_that_is_off_is_told_only_to_the_unit_itself(off_s: int):
    with pytest.raises(signing.BadSignature) as refused:
        check(signed(created_s=NOW_S + off_s))
    assert refused.value.code == "clock_skew"
    assert refused.value.nonce == "n" * 22
    with pytest.raises(signing.BadSignature) as refused:
        check(signed(created_s=NOW_S + off_s, key=Ed25519PrivateKey.generate()))
    assert refused.value.code == "bad_signature"


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_a_clock_within_five_minutes_passes(off_s: int):
    assert check(signed(created_s=NOW_S + off_s)).created_s == NOW_S + off_s


def test_a_short_nonce_is_refused():
    with pytest.raises(signing.BadSignature, match="nonce"):
        check(signed(nonce="short"))


def test_another_spelling_of_the_same_signature_input_passes_too():
    """Our own spelling is read without the library; any other that the standard allows is read by it."""
    line = signing.RequestLine("GET", "hub.example", "/api/unit/v1/clips/%41", {})
    headers = {name.lower(): value for name, value in signed(line).items()}
    proven = signing.verify(
        signing.RequestLine(line.method, "HUB.example:443", line.path, headers),
        find_key=lambda _: KEY.public_key(),
        now_s=NOW_S,
    )
    assert proven.sequence == 7


@given(chance=st.randoms(use_true_random=False))
def test_what_is_read_without_the_library_is_judged_as_the_library_judges(chance: random.Random):
    headers = signed()
    name = chance.choice(sorted(headers))
    at = chance.randrange(len(headers[name]))
    cut = chance.randrange(2)
    headers[name] = headers[name][:at] + chance.choice('0aA" ;,:=()\t') + headers[name][at + cut :]

    def verdict() -> object:
        try:
            return check(headers)
        except signing.BadSignature as error:
            return error.code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing, "_verified_own", lambda *_: None)
        by_library = verdict()
    assert by_library == verdict()
