// The page of a drive: the point on the map, the cursor of the chart, the slider and the film are one moment.
import { csrf } from "./page.js";
import { VisibleMark } from "./player/mark.js";
import { speedUnit, speedWords } from "./player/motion.js";
import { Film, Reel } from "./player/reel.js";

const REPORT_MS = 5000;
const root = document.querySelector("[data-drive]");

// The spot of a moment, between the two that were read around it.
function spotAt(track, atS) {
  let low = 0;
  let high = track.length - 1;
  while (high - low > 1) { const middle = (low + high) >> 1; if (track[middle][0] <= atS) low = middle; else high = middle; }
  const [before, after] = [track[low], track[high]];
  const share = after[0] > before[0] ? Math.min(1, Math.max(0, (atS - before[0]) / (after[0] - before[0]))) : 0;
  return before.map((value, place) => value + share * (after[place] - value));
}

class Drive {
  constructor() {
    this.track = root.dataset.track.split(" ").map((one) => one.split(",").map(Number));
    this.way = document.querySelector("[data-way]");
    this.chart = root.querySelector("[data-chart]");
    this.slider = root.querySelector("[data-moment]");
    this.play = root.querySelector("[data-play]");
    this.unit = speedUnit(root.dataset.speedUnit);
    this.lastsS = this.track.at(-1)[0];
    const videos = [...root.querySelectorAll("video")];
    const films = videos.map((video) => new Film({ video, name: "", firstS: Number(video.dataset.first), durationS: Number(video.dataset.duration), frames: Number(video.dataset.frames) }));
    if (films.length) this.#film(films, videos);
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.way.addEventListener("click", (event) => { if (!event.target.closest("a")) this.go(this.#nearest(this.#place(this.way, event))); });
    this.chart.addEventListener("click", (event) => { if (!event.target.closest("a")) this.go(this.#place(this.chart, event).x / this.chart.viewBox.baseVal.width * this.lastsS); });
    this.show(this.reel ? Math.max(0, this.reel.startS) : 0);
    if (this.reel) this.reel.seek(this.reel.startS).then(() => { root.dataset.ready = "yes"; }); else root.dataset.ready = "yes";
  }

  #film(films, videos) {
    this.reel = new Reel(films);
    this.away = false;
    this.reel.addEventListener("time", () => { if (!this.away) this.show(this.reel.wallS); });
    this.reel.addEventListener("state", () => this.play.setAttribute("aria-pressed", String(this.reel.playing)));
    this.play.addEventListener("click", () => { this.away = false; this.reel.toggle(); });
    const { markWho, markView, markOpacity } = root.dataset;
    if (Number(markOpacity)) for (const video of videos) new VisibleMark(video.parentElement, () => `${markWho} · ${markView} · ${new Date().toLocaleString()}`, Number(markOpacity));
    this.#report();
  }

  // How long film was played is told, as on the page of the clip.
  #report() {
    let [watchedMs, toldMs, last] = [0, 0, null];
    this.reel.addEventListener("time", () => {
      const now = this.reel.wallS;
      if (this.reel.playing && last !== null && now > last && now - last < 1) watchedMs += (now - last) * 1000;
      last = now;
    });
    const send = () => {
      const ms = Math.round(watchedMs);
      if (ms === toldMs) return;
      toldMs = ms;
      const body = new FormData();
      body.set("watched_ms", String(ms));
      fetch(root.dataset.watched, { method: "POST", headers: { "X-CSRFToken": csrf() }, body, keepalive: true }).catch(() => { toldMs = -1; });
    };
    setInterval(send, REPORT_MS);
    window.addEventListener("pagehide", send);
  }

  #place(drawing, event) {
    const box = drawing.getBoundingClientRect();
    const { width, height } = drawing.viewBox.baseVal;
    return { x: (event.clientX - box.left) / box.width * width, y: (event.clientY - box.top) / box.height * height };
  }

  #nearest({ x, y }) {
    return this.track.reduce((best, spot) => (Math.hypot(spot[1] - x, spot[2] - y) < Math.hypot(best[1] - x, best[2] - y) ? spot : best))[0];
  }

  // Go to a moment; the film follows where it has it.
  go(atS) {
    const { reel } = this;
    const filmed = reel && atS >= reel.startS && atS <= reel.endS;
    if (reel && !filmed && reel.playing) reel.pause();
    this.away = !filmed;  // a seek that is still under way does not bring the point back
    this.show(atS);
    if (filmed) reel.seek(atS);
  }

  show(atS) {
    const [, x, y, speedMps] = spotAt(this.track, atS);
    const here = this.way.querySelector("[data-here]");
    here.setAttribute("cx", x);
    here.setAttribute("cy", y);
    const cursor = this.chart.querySelector("[data-cursor]");
    const across = atS / this.lastsS * this.chart.viewBox.baseVal.width;
    cursor.setAttribute("x1", across);
    cursor.setAttribute("x2", across);
    this.slider.value = String(atS);
    const minutes = Math.floor(atS / 60);
    const words = `${minutes}:${String(Math.floor(atS % 60)).padStart(2, "0")} · ${speedWords(speedMps, this.unit)}`;
    root.querySelector("[data-said]").textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    const none = root.querySelector("[data-no-film]");
    if (none) none.hidden = atS >= this.reel.startS - 0.2 && atS <= this.reel.endS + 0.2;
  }
}

if (root) new Drive();
