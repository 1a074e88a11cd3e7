// Telemetry beside the film: speed and acceleration at any moment, as numbers and as small charts.
import { number, say } from "../words.js";
import { svg } from "./svg.js";

const JOIN_S = 3;
const MPH = 3600 / 1609.344;
const WIDE = 600;
const TALL = 56;

export const speedUnit = (unit) => (unit === "kmh" ? { factor: 3.6, words: "km/h" } : { factor: MPH, words: "MPH" });

// A half goes up, also one that a way through m/s and back made a hair less: as the pages and the terminal say it.
export const whole = (value) => Math.floor(Number(value.toFixed(6)) + 0.5);
export const speedWords = (speed, { factor, words }) => `${whole(speed * factor)} ${words}`;

// A line of measured points over wall time; between two at most 3 s apart it is straight, elsewhere unknown.
export class Line {
  constructor(points) { this.points = points.filter((point) => Number.isFinite(point.v)); }

  get empty() { return this.points.length < 2; }

  at(wallS) {
    const { points } = this;
    let low = 0;
    let high = points.length - 1;
    if (high < 0) return null;
    while (low < high) { const middle = (low + high + 1) >> 1; if (points[middle].s <= wallS) low = middle; else high = middle - 1; }
    const before = points[low];
    const after = points[low + 1];
    if (wallS < before.s) return before.s - wallS <= JOIN_S / 2 ? before.v : null;
    if (!after || after.s - before.s > JOIN_S) return wallS - before.s <= JOIN_S / 2 ? before.v : null;
    return before.v + ((after.v - before.v) * (wallS - before.s)) / (after.s - before.s);
  }
}

export function linesOf(samples) {
  const speed = new Line(samples.filter((one) => one.speed_mps !== null).map((one) => ({ s: one.wall_ns / 1e9, v: one.speed_mps })));
  const measured = samples.filter((one) => one.accel_mps2_xyz);
  if (measured.length > 1) {
    return { speed, accel: new Line(measured.map((one) => ({ s: one.wall_ns / 1e9, v: Math.hypot(one.accel_mps2_xyz[0], one.accel_mps2_xyz[1]) }))), accelWords: say("acceleration, level") };
  }
  const slopes = [];
  for (let i = 1; i < speed.points.length; i += 1) {
    const [a, b] = [speed.points[i - 1], speed.points[i]];
    if (b.s > a.s && b.s - a.s <= JOIN_S) slopes.push({ s: (a.s + b.s) / 2, v: (b.v - a.v) / (b.s - a.s) });
  }
  return { speed, accel: new Line(slopes), accelWords: say("acceleration, from speed") };
}

export class Chart {
  constructor(root, { reel, line, title, unit, factor, digits, limit }) {
    Object.assign(this, { reel, line, unit, factor, digits });
    this.words = document.createElement("output");
    const head = document.createElement("div");
    head.className = "title";
    head.append(Object.assign(document.createElement("span"), { textContent: title }), this.words);
    this.picture = this.#draw(limit);
    const box = document.createElement("div");
    box.className = "chart";
    box.append(head, this.picture);
    root.append(box);
    this.picture.addEventListener("pointerdown", (event) => {
      const frame = this.picture.getBoundingClientRect();
      reel.seek(reel.startS + ((event.clientX - frame.left) / frame.width) * (reel.endS - reel.startS));
    });
    this.time();
  }

  #draw(limit) {
    const { reel, line } = this;
    const inside = line.points.filter((point) => point.s >= reel.startS - JOIN_S && point.s <= reel.endS + JOIN_S);
    const values = [...inside.map((point) => point.v), ...(limit === undefined ? [] : [limit])];
    const low = Math.min(0, ...values);
    const high = Math.max(low + 0.1, ...values);
    const x = (s) => ((s - reel.startS) / (reel.endS - reel.startS)) * WIDE;
    const y = (v) => TALL - 3 - ((v - low) / (high - low)) * (TALL - 6);
    let path = "";
    inside.forEach((point, i) => { path += `${i === 0 || point.s - inside[i - 1].s > JOIN_S ? "M" : "L"}${x(point.s).toFixed(1)} ${y(point.v).toFixed(1)}`; });
    this.x = x;
    this.head = svg("line", { class: "head", y1: 0, y2: TALL });
    const parts = [svg("line", { class: "zero", x1: 0, x2: WIDE, y1: y(0), y2: y(0) })];
    if (limit !== undefined) parts.push(svg("line", { class: "limit", x1: 0, x2: WIDE, y1: y(limit), y2: y(limit) }));
    parts.push(svg("path", { class: "line", d: path || "M0 0" }), this.head);
    return svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
  }

  time() {
    const at = this.x(this.reel.wallS);
    this.head.setAttribute("x1", at);
    this.head.setAttribute("x2", at);
    const value = this.line.at(this.reel.wallS);
    this.words.textContent = value === null ? "–" : `${number(value * this.factor, this.digits)} ${this.unit}`;
  }
}
