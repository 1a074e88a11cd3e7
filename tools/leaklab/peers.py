"""Attack the peers' marks as ours are attacked, and search with pdqhash. Never shipped.

The peers live in an environment of their own (`make peers`): their pins of OpenCV and torch are not for our lock file.
A peer that knows nothing of geometry gets every picture put back to where it was, which flatters it.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tools.leaklab import films, search
from tools.leaklab.attacks import DIGITAL, Attack
from tools.leaklab.phone import FILMED
from tools.leaklab.reel import Shot

ROOT = Path(__file__).parents[2] / ".leaklab"
CHILD = Path(__file__).parent / "peer_child.py"
SEED, BITS = 20261123, 32
METHODS = ("dwtDct", "dwtDctSvd", "blind-watermark", "rivaGan")
PICTURES, READ_EVERY = 8, 4
FILM = "crowd"
ATTACKS = (
    "CRF 23",
    "CRF 28",
    "CRF 35",
    "480p, CRF 28",
    "240p, CRF 28",
    "crop 30 %, CRF 26",
    "phone standard, 2 Mbit/s",
)

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Peers:
    """The peers' interpreter, and a folder for what travels to and from it."""

    python: Path
    folder: Path

    def call(self, *words: str) -> dict[str, Any]:
        """Run the child and return what it says."""
        done = subprocess.run([str(self.python), str(CHILD), *words], capture_output=True, text=True, check=True)
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return said

    def give(self, verb: str, method: str, pictures: NDArray[Any], *more: str) -> tuple[NDArray[Any], float]:
        """Return what the child makes of pictures, and its CPU milliseconds a picture."""
        there, back = self.folder / "there.npy", self.folder / "back.npy"
        np.save(there, pictures)
        said = self.call(verb, method, str(there), str(back), *more)
        return np.load(back), float(said["ms"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write .leaklab/peers.json, which the page is made from."""
    parser = argparse.ArgumentParser(prog="python -m tools.leaklab.peers", description=__doc__)
    parser.add_argument("--python", type=Path, default=Path(".venv-peers/bin/python"), help="the peers' interpreter")
    parser.add_argument("--clips", type=int, nargs="+", default=[100, 1000, 10_000], help="sizes of the library")
    asked = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    ROOT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leaklab-") as scratch:
        peers = Peers(asked.python.absolute(), Path(scratch))
        said: dict[str, Any] = {"versions": peers.call("versions"), "film": FILM, "pictures": PICTURES, "seed": SEED}
        said |= {"marks": [], "search": []}
        for method in METHODS:
            said["marks"].append(_marked(peers, method))
            _keep(said)
        said["search"] = list(_searched(peers, asked.clips))
        _keep(said)
    return 0


def _keep(said: dict[str, Any]) -> None:
    (ROOT / "peers.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _marked(peers: Peers, method: str) -> dict[str, Any]:
    """Return one peer's bit accuracy per attack, over the pictures read, and what it costs."""
    pictures = _film()
    marked, embed_ms = peers.give("embed", method, pictures, str(SEED))
    bits = np.random.default_rng(SEED).integers(0, 2, BITS)
    right: dict[str, float] = {}
    read_ms = 0.0
    named = {attack.name: attack for attack in (*DIGITAL, *FILMED)}
    for name in ("none", *ATTACKS):
        leak = marked if name == "none" else _put_back(_attacked(named[name], marked, peers.folder), marked)
        said, read_ms = peers.give("read", method, leak[::READ_EVERY])
        right[name] = round(float(np.mean((said > 0.5) == bits)), 3)
        sys.stdout.write(f"{method:16} {name:26} {right[name]:.3f}  {read_ms:.0f} ms\n")
        sys.stdout.flush()
    error = np.mean((marked.astype(np.float64) - pictures) ** 2)
    psnr_db = round(10 * float(np.log10(255**2 / error)), 1)
    return {"method": method, "right": right, "psnr_db": psnr_db, "embed_ms": embed_ms, "read_ms": read_ms}


def _film() -> Pictures:
    scene, path = next((scene, path) for scene, path in films.scenes() if scene.name == FILM)
    with av.open(str(path)) as film:
        late = (frame for frame in film.decode(video=0) if (frame.time or 0.0) >= scene.start_s)
        return np.stack([frame.to_ndarray(format="bgr24") for frame in itertools.islice(late, PICTURES)]).astype(
            np.uint8
        )


def _attacked(attack: Attack, pictures: Pictures, folder: Path) -> Pictures:
    """Attack in colour: each channel as the bench attacks luma, with the same chance; then encode."""
    channels = []
    for channel in range(3):
        reel: Iterable[Shot] = [
            Shot(n / 10, np.ascontiguousarray(one[:, :, channel])) for n, one in enumerate(pictures)
        ]
        shots = list(attack.change(iter(reel), np.random.default_rng(SEED)))
        step = max(1, round(len(shots) / len(pictures)))
        channels.append([shot.luma for shot in shots[step // 2 :: step]])
    changed = np.stack([np.stack(three, axis=-1) for three in zip(*channels, strict=True)])
    return np.stack(list(_encoded(changed, attack, folder / "leak.mp4")))


def _encoded(pictures: Pictures, attack: Attack, path: Path) -> Iterator[Pictures]:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=Fraction(10))
        stream.height, stream.width, stream.pix_fmt = pictures.shape[1] & ~1, pictures.shape[2] & ~1, "yuv420p"
        coding = attack.coding
        if coding.kbit_per_s:
            stream.codec_context.bit_rate = coding.kbit_per_s * 1000
        options: dict[str, object] = {"preset": coding.preset}
        stream.options = options if coding.kbit_per_s else options | {"crf": f"{coding.crf:g}"}
        for picture in pictures:
            even = np.ascontiguousarray(picture[: stream.height, : stream.width])
            output.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="bgr24")))
        output.mux(stream.encode(None))
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def _put_back(leak: Pictures, marked: Pictures) -> Pictures:
    """Return each picture where it was before the attack: features, then the overlap's own best fit."""
    height, width = marked.shape[1:3]
    back = []
    finder = cv2.SIFT.create(2000)
    for number, picture in enumerate(leak):
        whole = marked[min(number, len(marked) - 1)]
        greys = [cv2.cvtColor(one, cv2.COLOR_BGR2GRAY) for one in (picture, whole)]
        (points, looks), (there, known) = (finder.detectAndCompute(grey, None) for grey in greys)
        pairs = cv2.BFMatcher(crossCheck=True).match(looks, known)
        source = np.array([points[pair.queryIdx].pt for pair in pairs], np.float32)
        target = np.array([there[pair.trainIdx].pt for pair in pairs], np.float32)
        homography, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 2.0)
        if homography is None:
            homography = np.diag([width / picture.shape[1], height / picture.shape[0], 1.0])
        back.append(cv2.warpPerspective(picture, homography, (width, height), flags=cv2.INTER_CUBIC))
    return np.stack(back).astype(np.uint8)


def _searched(peers: Peers, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield hit@1 of pdqhash per attack and size of library, on the looks and leaks of our own search."""
    reels = search.reels()
    looks = [search.worked(shot.luma) for reel in reels for shot in search.looked_at(reel)]
    own, _ = peers.give("hash", "-", np.stack([_small(luma) for luma in looks]))
    clips = np.repeat(np.arange(len(reels)), search.LOOKS)
    pictures = [shot.luma for reel in reels for shot in reel[::5]]
    others = []
    count = max(sizes) - len(reels)
    for start in range(0, count, 500):
        some = [_small(search.piece(number, pictures)) for number in range(start, min(start + 500, count))]
        made, _ = peers.give("hash", "-", np.stack(some))
        others.append(made)
    known = np.concatenate([own, *others])
    clips = np.concatenate([clips, len(reels) + np.arange(len(known) - len(own))])
    for name in search.ATTACKS:
        attack = next(one for one in (*DIGITAL, *FILMED) if one.name == name)
        asked = [np.stack([_small(one.luma) for one in search.attacked(attack, reel)]) for reel in reels]
        hashes, ms = peers.give("hash", "-", np.concatenate(asked))
        for size in sizes:
            hits, used = 0, clips < size
            for number, mine in enumerate(np.split(hashes, len(reels))):
                distances = np.min([np.count_nonzero(known[used] != one, axis=1) for one in mine], axis=0)
                hits += int(clips[used][np.argmin(distances)]) == number
            yield {"attack": name, "clips": size, "leaks": len(reels), "hit_at_1": hits, "hash_ms": round(ms, 1)}


def _small(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture at 320x180: the hash looks at 64x64."""
    return np.asarray(cv2.resize(luma, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
