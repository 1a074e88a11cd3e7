"""People sign in by a provider that hub.toml names: those whom the hub knows, by an address that it vouches for."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from custodes.core.errors import BadInput
from custodes.hub import config
from oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, start
from running_hub import running

TESTS = Path(__file__).parent.parent
MAKE_CAST = """
import sys
from pathlib import Path
from custodes.hub import boot
boot.django_on(Path(sys.argv[1]))
from cast import make_cast
make_cast()
"""
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass(frozen=True)
class Scene:
    """A hub that serves, and two providers that are one server: `strong` asks for a second factor itself."""

    hub: str
    folder: Path
    provider: Provider

    def sign_in(self, by: str = "local", **claims: object) -> tuple[httpx.Client, httpx.Response]:
        """Sign in at the provider as somebody, and return the browser with the page it ends on."""
        self.provider.person = {"sub": "1", "email_verified": True, **claims}
        browser = httpx.Client(base_url=self.hub, follow_redirects=True, timeout=30)
        found = TOKEN.search(browser.get("/accounts/login/").text)
        assert found
        form = {"csrfmiddlewaretoken": found[1]}
        return browser, browser.post(f"/accounts/oidc/{by}/login/", data=form, headers={"Referer": self.hub})


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("hub")
    folder.chmod(0o700)
    provider, server = start()
    (folder / "oidc.secret").write_text(CLIENT_SECRET + "\n")
    facts = f'issuer = "{provider.address}"\nclient_id = "{CLIENT_ID}"\nclient_secret_file = "{folder}/oidc.secret"\n'
    (folder / "hub.toml").write_text(
        f'[[oidc]]\nname = "local"\nlabel = "Our directory"\n{facts}'
        f'[[oidc]]\nname = "strong"\nlabel = "The strong one"\nsecond_factor = true\n{facts}'
    )
    try:
        with running(folder) as hub:
            environment = {**os.environ, "PYTHONPATH": str(TESTS)}
            subprocess.run([sys.executable, "-c", MAKE_CAST, str(folder)], check=True, env=environment)
            yield Scene(hub, folder, provider)
    finally:
        server.shutdown()
        server.server_close()


def test_somebody_known_comes_in_and_a_stranger_does_not(scene: Scene) -> None:
    browser, page = scene.sign_in(sub="d-1", email="Dina@example.org", name="Somebody")
    assert page.status_code == 200
    assert "A sign-in provider was linked to your account." in browser.get("/settings/").text
    again, _ = scene.sign_in(sub="d-1", email="dina@elsewhere.example")
    assert "dina@example.org" in again.get("/settings/").text, "the provider's own name for her counts from then on"
    assert scene.provider.refused == []
    for claims in (
        {"sub": "x-1", "email": "stranger-to-us@example.org"},
        {"sub": "x-2", "email": "alice@example.org", "email_verified": False},
        {"sub": "x-3", "email": "alice@example.org", "email_verified": "true-ish"},
        {"sub": "x-4"},
    ):
        browser, page = scene.sign_in(**claims)
        assert page.status_code == 403, claims
        assert browser.get("/", follow_redirects=False).status_code == 302, claims


def test_it_is_a_second_factor_only_where_the_settings_say_so(scene: Scene) -> None:
    _, weak = scene.sign_in(sub="b-1", email="bob@example.org")
    assert weak.url.path == "/second-factor/"
    browser, _ = scene.sign_in("strong", sub="b-2", email="bob@example.org")
    assert browser.get("/inbox/").url.path == "/inbox/"


def test_a_link_that_a_row_alone_makes_signs_nobody_in(scene: Scene) -> None:
    """Who writes the database puts an account of their own at the provider beside another's person."""
    linked, _ = scene.sign_in("strong", sub="e-1", email="eve@example.org")
    assert linked.get("/settings/").status_code == 200
    with closing(sqlite3.connect(scene.folder / "hub.sqlite3", timeout=30)) as database:
        made = "INSERT INTO socialaccount_socialaccount (provider, uid, last_login, date_joined, extra_data, user_id)"
        database.execute(f"{made} SELECT 'strong', 'mallory', '2026-01-01', '2026-01-01', '{{}}', id FROM fleet_person "
                         "WHERE email = 'alice@example.org'")  # fmt: skip
        moved = "UPDATE socialaccount_socialaccount SET user_id = (SELECT id FROM fleet_person WHERE email = ?)"
        database.execute(f"{moved} WHERE uid = 'e-1'", ["alice@example.org"])
        database.commit()
        for sub, email in (("mallory", "mallory@elsewhere.example"), ("e-1", "eve@example.org")):
            browser, page = scene.sign_in("strong", sub=sub, email=email)
            assert page.status_code == 403, sub
            assert browser.get("/", follow_redirects=False).status_code == 302, sub
        checked = subprocess.run(
            [Path(sys.executable).parent / "custodes", "audit", "verify", "--data", scene.folder],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert checked.stdout.count("by hand: no entry says so") == 2, checked.stdout
        database.execute("DELETE FROM socialaccount_socialaccount WHERE uid IN ('mallory', 'e-1')")
        database.commit()


def test_a_link_from_before_there_were_codes_is_linked_anew_by_its_address(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.folder / "hub.sqlite3", timeout=30)) as database:
        made = "INSERT INTO socialaccount_socialaccount (provider, uid, last_login, date_joined, extra_data, user_id)"
        database.execute(f"{made} SELECT 'strong', 'c-1', '2026-01-01', '2026-01-01', '{{}}', id FROM fleet_person "
                         "WHERE email = 'charlie@example.org'")  # fmt: skip
        database.commit()
    _, page = scene.sign_in("strong", sub="c-1", email="elsewhere@example.org")
    assert page.status_code == 403, "by an address that is not theirs"
    scene.sign_in("strong", sub="c-1", email="charlie@example.org")
    again, _ = scene.sign_in("strong", sub="c-1", email="elsewhere@example.org")
    assert "charlie@example.org" in again.get("/settings/").text, "its own entry bears it out from then on"


def test_a_forged_state_leads_nowhere(scene: Scene) -> None:
    code = {"code": "made-up", "state": "made-up"}
    with httpx.Client(base_url=scene.hub, follow_redirects=True, timeout=30) as browser:
        page = browser.get("/accounts/oidc/local/login/callback/", params=code)
        assert browser.get("/", follow_redirects=False).status_code == 302
        assert page.status_code < 500
        assert browser.get("/accounts/oidc/unknown/login/callback/", params=code).status_code == 404


def test_a_subject_of_one_provider_is_nobody_at_another(scene: Scene) -> None:
    scene.sign_in(sub="d-1", email="dina@example.org")
    other, _ = scene.sign_in("strong", sub="d-1", email="oscar@example.org")
    assert "oscar@example.org" in other.get("/settings/").text


def lied_to(scene: Scene, **lies: object) -> httpx.Response:
    scene.provider.lies = lies
    try:
        browser, _ = scene.sign_in(sub="h-1", email="hanna@example.org")
        return browser.get("/settings/", follow_redirects=False)
    finally:
        scene.provider.lies = {}


@pytest.mark.parametrize(
    "lies",
    [
        {"algorithm": "none"},
        {"algorithm": "HS256", "key": CLIENT_SECRET * 2},
        {"key": rsa.generate_private_key(65537, 2048)},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": 1_000_000_000}},
        {"claims": {"sub": "a-1"}},
        {"claims": {"nonce": "of-another-sign-in"}},
        {"claims": {"nonce": None}},
        {"userinfo": {"sub": "a-1"}},
        {"no_token": True},
    ],
    ids=lambda lies: "-".join(map(str, lies)) + str(len(repr(lies))),
)
def test_a_token_that_the_provider_did_not_sign_is_refused(scene: Scene, lies: dict[str, object]) -> None:
    """Nor one for somebody else, of somebody else, too old, or none at all."""
    assert lied_to(scene, **lies).status_code == 302, "not signed in"


def test_a_provider_that_calls_itself_otherwise_is_refused(scene: Scene) -> None:
    assert lied_to(scene, issuer="https://evil.example").status_code == 302
    assert lied_to(scene).status_code == 200, "and without lies the same person comes in"


def test_there_is_no_sign_up_and_none_by_a_link(scene: Scene) -> None:
    with httpx.Client(base_url=scene.hub, timeout=30) as browser:
        assert browser.get("/accounts/signup/").status_code == 404
        asked = browser.get("/accounts/oidc/local/login/")
        assert scene.provider.address not in asked.headers.get("Location", ""), "another site's link signs nobody in"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": "http://login.example.org"}, "must start with https://"),
        ({"client_secret_file": "/nowhere/at/all"}, "No such file"),
        ({"name": "../x"}, "name"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    facts = {"name": "a", "label": "A", "issuer": "https://a.example", "client_id": "c", "client_secret_file": "s"}
    lines = "\n".join(f'{key} = "{value}"' for key, value in (facts | changes).items())
    (tmp_path / "hub.toml").write_text(f"[[oidc]]\n{lines}\n")
    with pytest.raises(BadInput, match=re.escape(said)):
        config.load(tmp_path, environment={}).oidc[0].client_secret()
