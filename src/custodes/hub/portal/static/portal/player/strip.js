// The timeline: yellow line for the kept range, red where the event began and lasted, green where tracks were seen.
import { say } from "../words.js";
import { density } from "./boxes.js";
import { svg } from "./svg.js";

const HEIGHT = 72;
const BED_TOP = 22;
const BED_HEIGHT = 30;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300];

export class Strip {
  constructor(root, { reel, lenses, kept, event, clockWords }) {
    Object.assign(this, { root, reel, lenses, kept, event, clockWords });
    this.picture = svg("svg", { height: HEIGHT, "aria-hidden": "true" });
    root.append(this.picture);
    new ResizeObserver(() => this.build()).observe(root);
    this.build();
    this.#listen();
  }

  x(wallS) { return ((wallS - this.reel.startS) / (this.reel.endS - this.reel.startS)) * this.width; }

  wall(clientX) {
    const box = this.picture.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (clientX - box.left) / box.width));
    return this.reel.startS + part * (this.reel.endS - this.reel.startS);
  }

  build() {
    this.width = Math.max(100, this.picture.clientWidth);
    const { reel, kept, event } = this;
    const middle = BED_TOP + BED_HEIGHT;
    this.picture.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    const parts = [svg("rect", { class: "bed", x: 0, y: BED_TOP, width: this.width, height: BED_HEIGHT, rx: 3 })];
    const sums = density(this.lenses, reel.startS, reel.endS, Math.min(160, Math.floor(this.width / 4)));
    const most = Math.max(1, ...sums);
    const piece = this.width / sums.length;
    sums.forEach((sum, i) => {
      const tall = (sum / most) * (BED_HEIGHT - 10);
      if (sum) parts.push(svg("rect", { class: "density", x: i * piece, y: middle - 4 - tall, width: Math.max(1, piece - 1), height: tall }));
    });
    const spanEnd = event.endS ?? reel.endS;
    parts.push(svg("rect", { class: "span", x: this.x(event.onsetS), y: BED_TOP, width: Math.max(2, this.x(spanEnd) - this.x(event.onsetS)), height: BED_HEIGHT }));
    this.bufferedParts = svg("g");
    parts.push(this.bufferedParts, ...this.#ticks(), ...this.#keptRange(kept), ...this.#onset(event));
    this.hover = svg("line", { class: "hover", y1: BED_TOP, y2: middle, visibility: "hidden" });
    this.hoverWords = svg("text", { y: 14, "text-anchor": "middle", visibility: "hidden" });
    this.head = svg("g", {}, svg("line", { class: "head", y1: BED_TOP - 4, y2: middle + 2 }), svg("circle", { class: "knob", cy: BED_TOP - 4, r: 5 }));
    this.picture.replaceChildren(...parts, this.hover, this.hoverWords, this.head);
    this.buffered();
    this.time();
  }

  #ticks() {
    const span = this.reel.endS - this.reel.startS;
    const step = STEPS_S.find((s) => (s / span) * this.width >= 72) ?? 600;
    const marks = [];
    for (let wallS = Math.ceil(this.reel.startS / step) * step; wallS < this.reel.endS; wallS += step) {
      const x = this.x(wallS);
      marks.push(svg("line", { class: "tick", x1: x, x2: x, y1: BED_TOP + BED_HEIGHT, y2: BED_TOP + BED_HEIGHT + 5 }));
      if (x > 30 && x < this.width - 30) marks.push(svg("text", { x, y: HEIGHT - 2, "text-anchor": "middle" }, this.clockWords(wallS)));
    }
    return marks;
  }

  #keptRange({ startS, endS }) {
    const [left, right] = [Math.max(0, this.x(startS)), Math.min(this.width, this.x(endS))];
    const ends = [left, right].map((x) => svg("line", { class: "kept-end", x1: x, x2: x, y1: BED_TOP - 2, y2: BED_TOP + 8 }));
    const line = svg("line", { class: "kept", x1: left, x2: right, y1: BED_TOP, y2: BED_TOP });
    line.append(svg("title", {}, say("kept range")));
    return [line, ...ends, svg("text", { class: "kept-word", x: left + 8, y: 14 }, say("kept range"))];
  }

  #onset({ onsetS }) {
    const x = this.x(onsetS);
    return [
      svg("line", { class: "onset", x1: x, x2: x, y1: BED_TOP - 2, y2: BED_TOP + BED_HEIGHT }),
      svg("path", { class: "flag", d: `M${x - 6} ${BED_TOP - 10}h12l-6 9Z` }),
      svg("text", { class: "onset-word", x: x + 10, y: 14, visibility: this.x(onsetS) < 90 ? "hidden" : "visible" }, say("onset")),
    ];
  }

  buffered() {
    const clock = this.reel.clock;
    if (!clock || !this.bufferedParts) return;
    const bars = [];
    for (let i = 0; i < clock.video.buffered.length; i += 1) {
      const left = this.x(clock.firstS + clock.video.buffered.start(i));
      const right = Math.min(this.width, this.x(clock.firstS + clock.video.buffered.end(i)));
      bars.push(svg("rect", { class: "buffered", x: left, y: BED_TOP + BED_HEIGHT - 3, width: Math.max(0, right - left), height: 3 }));
    }
    this.bufferedParts.replaceChildren(...bars);
  }

  time() {
    const { reel, root } = this;
    this.head.setAttribute("transform", `translate(${this.x(reel.wallS)} 0)`);
    root.setAttribute("aria-valuemax", (reel.endS - reel.startS).toFixed(1));
    root.setAttribute("aria-valuenow", (reel.wallS - reel.startS).toFixed(1));
    root.setAttribute("aria-valuetext", this.clockWords(reel.wallS));
  }

  #listen() {
    const { root, reel } = this;
    let dragging = false;
    let wasPlaying = false;
    root.addEventListener("pointerdown", (event) => {
      dragging = true;
      wasPlaying = reel.playing;
      if (wasPlaying) reel.pause();
      root.setPointerCapture(event.pointerId);
      reel.seek(this.wall(event.clientX));
    });
    root.addEventListener("pointermove", (event) => {
      const wallS = this.wall(event.clientX);
      if (dragging) reel.seek(wallS);
      const x = this.x(wallS);
      for (const [key, value] of [["x1", x], ["x2", x], ["visibility", "visible"]]) this.hover.setAttribute(key, value);
      this.hoverWords.setAttribute("x", Math.min(this.width - 30, Math.max(30, x)));
      this.hoverWords.setAttribute("visibility", dragging ? "visible" : "hidden");
      this.hoverWords.textContent = this.clockWords(wallS);
      root.title = this.clockWords(wallS);
    });
    const stop = () => { if (dragging && wasPlaying) reel.play(); dragging = false; this.hoverWords.setAttribute("visibility", "hidden"); };
    root.addEventListener("pointerup", stop);
    root.addEventListener("pointercancel", stop);
    root.addEventListener("pointerleave", () => this.hover.setAttribute("visibility", "hidden"));
    root.addEventListener("keydown", (event) => {
      if (event.key === "Home") { event.preventDefault(); reel.seek(reel.startS); }
      if (event.key === "End") { event.preventDefault(); reel.seek(reel.endS); }
    });
  }
}
