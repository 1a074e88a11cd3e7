"""`custodes demo --check`: what a person would do in the portal, over HTTP."""

import re
from dataclasses import dataclass

import httpx

from custodes.core.errors import CustodesError

FILM_PATH = re.compile(r"/views/(?P<view>[0-9a-f-]{36})/film/(?P<part>film\.[a-z0-9_-]+)")
FORM_TOKEN = re.compile(r"""name=["']csrfmiddlewaretoken["'] value=["'](?P<token>\w+)["']""")
CLIP_PATH = re.compile(r"/clips/(?P<clip>[0-9a-f-]{36})/?[\"']")
WAITS_S = 60.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen in the portal: clips in the inbox, and views opened."""

    clips: int
    views: int


def check_first_clip(url: str, signin_path: str, clip_id: str) -> Watched:
    """Sign in by the link, find the clip in the inbox, open its page, fetch its manifest and the start of every film.

    Raises CustodesError that names the step that went wrong.
    """
    try:
        with httpx.Client(base_url=url, follow_redirects=True, timeout=WAITS_S) as browser:
            return _looked_at(browser, signin_path, clip_id)
    except httpx.TimeoutException as error:
        raise CustodesError(f"the portal did not answer within {WAITS_S:.0f} s: is this machine very busy?") from error
    except httpx.HTTPError as error:
        raise CustodesError(f"the portal broke off ({type(error).__name__}): see the folder logs") from error


def _looked_at(browser: httpx.Client, signin_path: str, clip_id: str) -> Watched:
    sign_in(browser, signin_path)
    inbox = fetched(browser, "/inbox", "the inbox")
    clips = sorted(set(CLIP_PATH.findall(inbox)))
    if clip_id not in clips:
        raise CustodesError(f"the inbox does not show clip {clip_id}")
    page = fetched(browser, f"/clips/{clip_id}/", "the clip's page")
    films = {match["part"]: match["view"] for match in FILM_PATH.finditer(page)}
    if not films:
        raise CustodesError("the clip's page names no film")
    for part, view in films.items():
        answer = browser.get(f"/views/{view}/film/{part}", headers={"Range": "bytes=0-65535"})
        if answer.status_code != httpx.codes.PARTIAL_CONTENT or answer.content[4:8] != b"ftyp":
            raise CustodesError(f"the portal gave no film for {part} (status {answer.status_code})")
    view = next(iter(films.values()))
    fetched(browser, f"/views/{view}/manifest.json", "the manifest")
    return Watched(clips=len(clips), views=len(set(films.values())))


def sign_in(browser: httpx.Client, signin_path: str) -> None:
    """Use the one-time link as its page does. Raises CustodesError when it does not sign in."""
    token = FORM_TOKEN.search(fetched(browser, signin_path, "the sign-in link"))
    if token is None:
        raise CustodesError("the sign-in link's page has no form")
    answer = browser.post(
        signin_path,
        data={"csrfmiddlewaretoken": token["token"]},
        headers={"Referer": str(browser.base_url)},
    )
    if answer.status_code != httpx.codes.OK:
        raise CustodesError(f"the sign-in link did not sign in (status {answer.status_code})")


def fetched(browser: httpx.Client, path: str, what: str) -> str:
    """Return a page's text. Raises CustodesError when it is not there."""
    answer = browser.get(path)
    if answer.status_code != httpx.codes.OK:
        raise CustodesError(f"{what} answered with status {answer.status_code}")
    return answer.text
