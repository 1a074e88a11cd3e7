// The clip page: reads the manifest, puts films, boxes, strip, charts and map in step, listens to keys.
import { csrf, toast, typing } from "../page.js";
import { language, number, say } from "../words.js";
import { BoxLayer } from "./boxes.js";
import { DriveMap } from "./map.js";
import { VisibleMark } from "./mark.js";
import { Chart, linesOf, speedUnit, speedWords } from "./motion.js";
import { Film, Reel } from "./reel.js";
import { Strip } from "./strip.js";

const RATES = [0.25, 0.5, 1, 1.5, 2];
const MPS_PER = { "m/s": 1, "km/h": 1 / 3.6, kmh: 1 / 3.6, mph: 1609.344 / 3600, MPH: 1609.344 / 3600 };
const REPORT_MS = 5000;
const CLASS_WORDS = {
  person: say("person"), cat: say("cat"), dog: say("dog"), animal: say("animal"),
  bicycle: say("bicycle"), car: say("car"), truck: say("truck"), bus: say("bus"),
};

const root = document.getElementById("player");

function clock(zone) {
  const options = { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const seconds = new Intl.DateTimeFormat("en-GB", options);
  const tenths = new Intl.DateTimeFormat(language(), { ...options, fractionalSecondDigits: 1 });
  return { seconds: (s) => seconds.format(s * 1000), tenths: (s) => tenths.format(s * 1000 + 0.5) };
}

class Player {
  constructor(manifest) {
    this.manifest = manifest;
    this.times = clock(root.dataset.zone);
    this.event = { onsetS: manifest.event.onset_wall_ns / 1e9, endS: manifest.event.end_wall_ns === null ? null : manifest.event.end_wall_ns / 1e9 };
    this.kept = { startS: manifest.kept_start_wall_ns / 1e9, endS: manifest.kept_end_wall_ns / 1e9 };
    this.figures = [...root.querySelectorAll("[data-lens]")];
    this.lenses = this.figures.map((figure) => {
      const lens = manifest.lenses.find((one) => one.part === figure.dataset.part);
      return { ...lens, figure, video: figure.querySelector("video"), firstS: lens.first_frame_wall_ns / 1e9, durationS: lens.duration_ns / 1e9 };
    });
    this.reel = new Reel(this.lenses.map((lens) => new Film({ ...lens, name: lens.lens })));
    this.layers = this.lenses.map((lens) => new BoxLayer(lens.figure.querySelector("canvas"), lens.video, lens, (name) => CLASS_WORDS[name] ?? name));
    this.marks = this.#visibleMarks();
    // Two or three lenses stand at one height, whatever their shapes.
    const shapes = this.lenses.map((lens) => lens.width_px / lens.height_px);
    if (shapes.length > 1 && shapes.length < 4) root.querySelector("[data-stage]").style.setProperty("--columns", shapes.map((shape) => `minmax(0, ${shape.toFixed(4)}fr)`).join(" "));
    this.unit = speedUnit(root.dataset.speedUnit);
    this.lines = linesOf(manifest.samples);
    this.watchedMs = 0;
    this.reportedMs = 0;
  }

  start() {
    const { reel } = this;
    this.strip = new Strip(root.querySelector("[data-strip]"), { reel, lenses: this.lenses, kept: this.kept, event: this.event, clockWords: this.times.seconds });
    this.charts = this.#charts();
    const map = document.querySelector("[data-map]");
    if (map && window.L) this.map = new DriveMap(map, { samples: this.manifest.samples, unit: root.dataset.speedUnit, event: this.event, coordinates: document.querySelector("[data-coordinates]") });
    reel.addEventListener("frame", ({ detail }) => this.layers[reel.films.indexOf(detail.film)].draw(detail.mediaS));
    reel.addEventListener("time", () => this.time());
    reel.addEventListener("buffered", () => this.strip.buffered());
    reel.addEventListener("broken", ({ detail }) => this.broken(detail.film));
    reel.addEventListener("state", () => this.state());
    reel.addEventListener("rate", () => this.rates());
    for (const film of reel.films) if (film.video.error) { film.broken = true; this.broken(film); }
    this.#buttons();
    this.#report();
    reel.seek(Math.max(this.kept.startS, reel.firstTogetherS(this.event.onsetS))).then(() => { root.dataset.ready = "yes"; });
  }

  // Who watches stands over each picture, also on the full screen: the player as a whole goes there.
  #visibleMarks() {
    const { markWho, markView, markOpacity, zone } = root.dataset;
    if (!Number(markOpacity)) return [];
    const day = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
    const words = () => `${markWho} · ${markView} · ${day.format(Date.now())} ${this.times.seconds(Date.now() / 1000)}`;
    return this.figures.map((figure) => new VisibleMark(figure.querySelector(".picture"), words, Number(markOpacity)));
  }

  #charts() {
    const box = root.querySelector("[data-charts]");
    const charts = [];
    if (!box) return charts;
    const limit = this.manifest.event.evidence.find((one) => one.name === "speed" && typeof one.threshold === "number" && MPS_PER[one.unit]);
    if (!this.lines.speed.empty) charts.push(new Chart(box, { reel: this.reel, line: this.lines.speed, title: say("speed"), unit: this.unit.words, factor: this.unit.factor, digits: 0, limit: limit && limit.threshold * MPS_PER[limit.unit] }));
    if (!this.lines.accel.empty) charts.push(new Chart(box, { reel: this.reel, line: this.lines.accel, title: this.lines.accelWords, unit: "m/s²", factor: 1, digits: 1 }));
    return charts;
  }

  time() {
    const { reel } = this;
    this.strip.time();
    for (const chart of this.charts) chart.time();
    this.map?.time(reel.wallS);
    const words = this.times.tenths(reel.wallS);
    const speed = this.lines.speed.at(reel.wallS);
    for (const lens of this.lenses) {
      lens.figure.querySelector("[data-timecode]").textContent = words;
      lens.figure.querySelector("[data-speed]").textContent = speed === null ? "" : speedWords(speed, this.unit);
      const blank = lens.figure.querySelector("[data-no-picture]");
      const here = reel.wallS >= lens.firstS - 0.1 && reel.wallS <= lens.firstS + lens.durationS + 0.1;
      blank.hidden = here;
      if (!here) blank.textContent = say("No picture from this lens at this moment");
    }
    const at = reel.wallS - reel.startS;
    root.querySelector("[data-position]").textContent = `${number(at, 1)} / ${number(reel.endS - reel.startS, 1)} s`;
  }

  state() {
    root.classList.toggle("playing", this.reel.playing);
    root.querySelector("[data-do=toggle]").setAttribute("aria-label", this.reel.playing ? say("Pause") : say("Play"));
  }

  rates() {
    for (const button of root.querySelectorAll("[data-rate]")) button.setAttribute("aria-checked", String(Number(button.dataset.rate) === this.reel.rate));
    this.announce(`${this.reel.rate.toLocaleString(language())}×`);
  }

  broken(film) {
    const lens = this.lenses[this.reel.films.indexOf(film)];
    lens.figure.querySelector("[data-cannot-play]").hidden = false;
  }

  announce(words) { root.querySelector("[data-said]").textContent = words; }

  flip(what) {
    const button = root.querySelector(`[data-do=${what}]`);
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    if (what === "boxes") for (const layer of this.layers) layer.shown = on;
    if (what === "burnt") root.classList.toggle("bare", !on);
    if (what === "sound") { for (const film of this.reel.films) film.video.muted = true; const loud = this.lenses.findIndex((lens) => lens.has_sound); if (loud >= 0) this.reel.films[loud].video.muted = !on; }
    return on;
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen?.().catch((error) => toast(error.message, { bad: true }));
  }

  faster(by) {
    const at = RATES.indexOf(this.reel.rate) + by;
    if (at >= 0 && at < RATES.length) this.reel.setRate(RATES[at]);
  }

  get acts() {
    const { reel } = this;
    return {
      toggle: () => reel.toggle(), back: () => reel.step(-1), forward: () => reel.step(1), onset: () => reel.seek(this.event.onsetS),
      boxes: () => this.flip("boxes"), burnt: () => this.flip("burnt"), sound: () => this.manifest.lenses.some((lens) => lens.has_sound) && this.flip("sound"), full: () => this.full(),
    };
  }

  #buttons() {
    const { reel, acts } = this;
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do], [data-rate]");
      if (button?.dataset.rate) reel.setRate(Number(button.dataset.rate));
      else if (button) acts[button.dataset.do]();
      else if (event.target.closest(".picture") && !event.target.closest(".cannot-play")) reel.toggle();
    });
    const keys = {
      " ": acts.toggle, k: acts.toggle, j: () => reel.seek(reel.wallS - 5), l: () => reel.seek(reel.wallS + 5), ",": acts.back, ".": acts.forward,
      ArrowLeft: () => reel.seek(reel.wallS - 1), ArrowRight: () => reel.seek(reel.wallS + 1), "<": () => this.faster(-1), ">": () => this.faster(1),
      b: acts.boxes, s: acts.burnt, m: acts.sound, f: acts.full, o: acts.onset,
    };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
      if (event.key === " " && event.target.closest("button, a, summary, input")) return;
      const act = keys[event.key] ?? keys[event.key.toLowerCase()];
      if (act) { event.preventDefault(); act(); }
    });
  }

  // The ledger's reader wants to know how long: film time that was really shown, sent every few seconds.
  #report() {
    let last = null;
    this.reel.addEventListener("time", () => {
      const now = this.reel.wallS;
      if (this.reel.playing && last !== null && now > last && now - last < 1) this.watchedMs += (now - last) * 1000;
      last = now;
    });
    const send = () => {
      const ms = Math.round(this.watchedMs);
      if (ms === this.reportedMs) return;
      this.reportedMs = ms;
      const body = new FormData();
      body.set("watched_ms", String(ms));
      fetch(root.dataset.watched, { method: "POST", headers: { "X-CSRFToken": csrf() }, body, keepalive: true }).catch(() => { this.reportedMs = -1; });
    };
    setInterval(send, REPORT_MS);
    window.addEventListener("pagehide", send);
  }
}

async function open() {
  const answer = await fetch(root.dataset.manifest, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const player = new Player(await answer.json());
  root.player = player;
  player.start();
}

if (root) {
  open().catch((error) => {
    root.dataset.failed = "yes";
    toast(`${say("The film's description could not be read. Reload the page.")} (${error.message})`, { bad: true, seconds: 60 });
  });
}
document.documentElement.dataset.language = language();
