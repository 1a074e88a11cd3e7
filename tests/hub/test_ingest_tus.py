"""The hub speaks tus 1.0.0: core, creation, checksum, expiration, termination; tuspy, unchanged, can upload to it."""

import base64
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import httpx
import pytest
import requests.sessions
from django.conf import settings as django_settings
from requests.auth import AuthBase
from tusclient.client import TusClient

from cast import Cast
from custodes.core.signing import RequestLine, sign_headers
from custodes.edge.ship.hub_client import API, Call, HubClient, Refused
from custodes.hub.clips import quota
from custodes.hub.clips.models import Clip
from custodes.hub.ingest.uploads import folder_of
from custodes.hub.vault import keys
from ship_scene import Scene

TUS = (("tus-resumable", "1.0.0"),)


@pytest.fixture
def client(scene: Scene) -> HubClient:
    return HubClient(
        scene.enrolment, scene.outbox.store, clock=scene.clock, say=scene.said.append, transport=scene.wire
    )


@pytest.fixture
def upload(scene: Scene, client: HubClient) -> tuple[str, bytes]:
    """Declare a clip; return the film's upload path and its sealed bytes."""
    made = scene.put()
    answer = client.declare(scene.outbox.next_clip().declaration)
    path = next(one.upload_path for one in answer.uploads if one.part == "film.road")
    return path, scene.outbox.part_path(made.clip_id, "film.road").read_bytes()


def patch(path: str, offset: int, body: bytes, *more: tuple[str, str]) -> Call:
    return Call("PATCH", path, body, "application/offset+octet-stream", (*TUS, ("upload-offset", str(offset)), *more))


def test_options_tells_what_the_server_can_do_to_anybody(scene: Scene):
    response = scene.wire.handle_request(httpx.Request("OPTIONS", f"http://hub.test{API}/tus/"))
    assert response.status_code == 204
    assert response.headers["tus-version"] == "1.0.0"
    assert set(response.headers["tus-extension"].split(",")) == {"creation", "checksum", "expiration", "termination"}
    assert response.headers["tus-checksum-algorithm"].split(",")[0] == "sha256"
    assert int(response.headers["tus-max-size"]) > 0


def test_creation_names_the_place_of_a_declared_part(scene: Scene, client: HubClient, upload):
    path, sealed = upload
    clip_id = scene.outbox.next_clip().clip_id
    named = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in (("clip_id", str(clip_id)), ("part", "film.road"))
    )
    create = Call(
        "POST", f"{API}/tus/", tus_headers=(*TUS, ("upload-length", str(len(sealed))), ("upload-metadata", named))
    )
    response = client.ask(create)
    assert (response.status_code, response.headers["location"]) == (201, path)
    assert "GMT" in response.headers["upload-expires"]
    wrong = Call("POST", f"{API}/tus/", tus_headers=(*TUS, ("upload-length", "7"), ("upload-metadata", named)))
    with pytest.raises(Refused, match="was declared with"):
        client.ask(wrong)


def test_an_upload_resumes_at_any_offset(client: HubClient, upload):
    path, sealed = upload
    edges = [0, 1, 65_535, 65_536, 65_537, len(sealed) - 1, len(sealed)]
    for start, stop in pairwise(edges):
        assert client.offset(path) == start
        client.ask(patch(path, start, sealed[start:stop]))
    assert client.offset(path) == len(sealed)
    clip_id = path.split("/")[-2]
    assert (django_settings.HUB.uploads_dir / clip_id / "film.road.whole").read_bytes() == sealed


def test_a_wrong_offset_is_409_and_tells_the_right_one(client: HubClient, scene: Scene, upload):
    path, sealed = upload
    client.ask(patch(path, 0, sealed[:1000]))
    with pytest.raises(Exception, match="holds 1000 bytes"):
        client.ask(patch(path, 500, sealed[500:1000]))
    assert scene.wire.seen[-1][2] == 409
    assert client.offset(path) == 1000


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_a_wrong_checksum_is_460_and_nothing_is_kept(client: HubClient, scene: Scene, upload, algorithm: str):
    path, sealed = upload
    wrong = base64.b64encode(hashlib.new(algorithm, b"other").digest()).decode()
    with pytest.raises(Exception, match=algorithm):
        client.ask(patch(path, 0, sealed[:1000], ("upload-checksum", f"{algorithm} {wrong}")))
    assert scene.wire.seen[-1][2] == 460
    assert client.offset(path) == 0


@pytest.mark.parametrize("field", ["crc32 AAAA", "sha256 !!!", "sha256 AAAA", ""])
def test_a_checksum_that_nobody_knows_is_400(client: HubClient, scene: Scene, upload, field: str):
    path, sealed = upload
    with pytest.raises(Refused, match="Upload-Checksum"):
        client.ask(patch(path, 0, sealed[:10], ("upload-checksum", field)))
    assert scene.wire.seen[-1][2] == 400


def test_more_bytes_than_declared_are_refused_before_they_are_read(client: HubClient, scene: Scene, upload):
    path, sealed = upload
    with pytest.raises(Refused, match="was declared with") as refused:
        client.ask(patch(path, 0, sealed + b"more"))
    assert refused.value.code == "too_long"
    assert client.offset(path) == 0


def test_another_version_of_tus_is_412(client: HubClient, scene: Scene, upload):
    path, _ = upload
    with pytest.raises(Refused):
        client.ask(Call("HEAD", path, tus_headers=(("tus-resumable", "0.2.2"),)))
    assert scene.wire.seen[-1][2] == 412


@pytest.mark.parametrize("offset", ["-1", "1e3", "9" * 40, ""])
def test_an_offset_that_is_no_number_is_400(client: HubClient, scene: Scene, upload, offset: str):
    path, _ = upload
    call = Call("PATCH", path, b"x", "application/offset+octet-stream", (*TUS, ("upload-offset", offset)))
    try:
        client.ask(call)
    except (Refused, UnicodeEncodeError, httpx.InvalidURL):
        pass
    else:
        pytest.fail("taken")
    assert client.offset(path) == 0


def test_termination_takes_the_clip_back_and_frees_its_room(client: HubClient, scene: Scene, cast: Cast, upload):
    path, sealed = upload
    client.ask(patch(path, 0, sealed[:1000]))
    clip = Clip.objects.get()
    held = quota.stored_bytes(cast.company.pk)
    assert held >= len(sealed)
    assert client.ask(Call("DELETE", path, tus_headers=TUS)).status_code == 204
    assert quota.stored_bytes(cast.company.pk) == 0
    assert not Clip.objects.exists()
    assert not keys.holds(clip.pk)
    assert not folder_of(clip.pk).exists()
    with pytest.raises(Refused):
        client.offset(path)
    assert scene.wire.seen[-1][2] == 404
    assert scene.shipper.drain(), "the unit may declare it again"
    assert quota.stored_bytes(cast.company.pk) >= held


def test_a_received_clip_cannot_be_taken_back_by_its_unit(client: HubClient, scene: Scene, upload):
    path, sealed = upload
    assert scene.shipper.drain()
    assert client.offset(path) == len(sealed)
    with pytest.raises(Exception, match="cannot be taken back"):
        client.ask(Call("DELETE", path, tus_headers=TUS))
    assert Clip.objects.get().receipt_json


def test_two_requests_into_one_part_do_not_mix(scene: Scene, client: HubClient, upload):
    from custodes.hub.ingest.exchange import Refusal
    from custodes.hub.ingest.uploads import Append, Expected, Slot

    _, sealed = upload
    clip_id = scene.outbox.next_clip().clip_id
    slot = Slot(clip_id, "film.road", len(sealed), hashlib.sha256(sealed).hexdigest())
    first = Append(slot, offset=0, expected=Expected(None, ()))
    with pytest.raises(Refusal, match="another request writes") as refused:
        Append(slot, offset=0, expected=Expected(None, ()))
    assert refused.value.status == 423
    first.write(sealed[:10])
    assert first.finish() == 10
    Append(slot, offset=10, expected=Expected(None, ())).cut()


def test_a_part_whose_clip_was_completed_by_another_sender_is_410(scene: Scene, client: HubClient, upload):
    """What a hundred parallel copies do now and then: the uploads' folder goes while a late copy is still written."""
    from custodes.hub.ingest.exchange import Refusal
    from custodes.hub.ingest.uploads import Append, Expected, Slot, remove_folder

    _, sealed = upload
    clip_id = scene.outbox.next_clip().clip_id
    slot = Slot(clip_id, "film.road", len(sealed), hashlib.sha256(sealed).hexdigest())
    late = Append(slot, offset=0, expected=Expected(None, ()))
    late.write(sealed)
    remove_folder(clip_id)
    with pytest.raises(Refusal) as refused:
        late.finish()
    assert (refused.value.status, refused.value.retry) == (410, True)


def test_a_line_cut_anywhere_resumes_and_repeats_one_chunk_at_most(scene: Scene):
    made = scene.put()
    size = next(one.sealed_bytes for one in scene.outbox.next_clip().declaration.parts if one.part == "film.road")
    chunk = scene.settings.chunk_bytes
    for cut_at in (1, 7, chunk // 2, chunk - 1):
        scene.wire.cut_after_bytes = cut_at
        assert not scene.shipper.drain()
        scene.reopen()
    assert scene.shipper.drain()
    sent = [
        request for request in scene.wire.sent if request.method == "PATCH" and request.url.path.endswith("film.road")
    ]
    assert sum(len(request.content) for request in sent) - size <= 4 * chunk
    assert Clip.objects.get().pk == made.clip_id


class SignedLikeAUnit(AuthBase):
    """Signs what tuspy sends; tuspy itself knows nothing of signatures."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        if not isinstance(body, bytes):
            body = body.encode() if isinstance(body, str) else body.read()
            request.body = body
        line = RequestLine(
            request.method,
            httpx.URL(request.url).netloc.decode(),
            request.path_url,
            {k.lower(): v for k, v in request.headers.items()},
        )
        request.headers.update(
            sign_headers(
                line,
                key=self.scene.key,
                key_id=str(self.scene.unit.pk),
                sequence=self.scene.outbox.store.take_sequence(),
                nonce="n" * 22,
                created_s=self.scene.clock.wall_ns() // 10**9,
                body_sha256=hashlib.sha256(body).digest(),
            )
        )
        return request


@pytest.mark.django_db(transaction=True)
def test_tuspy_uploads_to_this_server(scene: Scene, monkeypatch):
    """The public client, unchanged but for a signature on each request, over a real socket."""

    wire = scene.wire

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            url = f"http://{self.headers['host']}{self.path}"
            response = wire.handle_request(
                httpx.Request(self.command, url, headers=dict(self.headers.items()), content=body)
            )
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content if self.command != "HEAD" else b"")

        do_GET = do_POST = do_PATCH = do_HEAD = do_OPTIONS = do_DELETE = answer  # noqa: N815  # names of the library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    made = scene.put()
    declaration = scene.outbox.next_clip().declaration
    HubClient(scene.enrolment, scene.outbox.store, clock=scene.clock, say=print, transport=wire).declare(declaration)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door, bind_and_activate=False)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    first_init = requests.sessions.Session.__init__

    def with_auth(session: requests.Session) -> None:
        first_init(session)
        session.auth = SignedLikeAUnit(scene)

    monkeypatch.setattr(requests.sessions.Session, "__init__", with_auth)
    try:
        tus = TusClient(f"http://127.0.0.1:{server.server_port}{API}/tus/")
        for part in ("film.road", "manifest"):
            uploader = tus.uploader(
                str(scene.outbox.part_path(made.clip_id, part)),
                chunk_size=50_000,
                metadata={"clip_id": str(made.clip_id), "part": part},
                upload_checksum=True,
            )
            uploader.upload_chunk()
            if part == "film.road":
                assert uploader.get_offset() == 50_000
            uploader.upload()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    clip = Clip.objects.get(pk=made.clip_id)
    assert clip.receipt_json
    assert scene.shipper.drain(), "the unit only asks for the receipt"
    assert scene.outbox.usage()[0] == 0
