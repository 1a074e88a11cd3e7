"""What the unit counts as playable is what a real browser says it plays."""

import pytest
from playwright.sync_api import Browser

from custodes.edge.clip import transcode

# RFC 6381 names, each of an ordinary camera: H.264 High, HEVC Main, AV1 Main, VP9 profile 0, MPEG-4 Advanced Simple.
SAID = {
    "h264": "avc1.640028",
    "hevc": "hvc1.1.6.L93.B0",
    "av1": "av01.0.05M.08",
    "vp9": "vp09.00.10.08",
    "mpeg4": "mp4v.20.9",
    "mpeg2video": "mp4v.61",
    "mpeg1video": "mp4v.6A",
    "vvc": "vvc1.1.L67.CQA",
}
ASK = "type => document.createElement('video').canPlayType(type) !== '' && MediaSource.isTypeSupported(type)"


def test_every_codec_that_is_copied_into_clips_is_asked_about() -> None:
    assert set(SAID) == transcode._MP4_HOLDS


@pytest.mark.browser
def test_chromium_plays_what_the_unit_leaves_as_it_is(chromium: Browser) -> None:
    page = chromium.new_page()
    plays = {codec for codec, said in SAID.items() if page.evaluate(ASK, f'video/mp4; codecs="{said}"')}
    page.close()
    # A Chromium beside graphics that decode HEVC plays it; not everybody who watches has one.
    assert plays - {"hevc"} == transcode._BROWSERS_PLAY
