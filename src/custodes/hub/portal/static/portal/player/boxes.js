// Boxes from the manifest, over the picture: interpolated between frames that were looked at, never invented beyond.
import { number } from "../words.js";

const JOIN_S = 0.4;
const HOLD_S = 0.2;
const GREEN = "#3ddc84";
const DARK = "#0a0b0d";

// One track: times in film seconds, ascending, each with its box in pixels of the main stream.
export function tracksOf(seen) {
  const tracks = new Map();
  for (const frame of seen) {
    for (const one of frame.objects) {
      if (!tracks.has(one.track_id)) tracks.set(one.track_id, { id: one.track_id, marks: [] });
      tracks.get(one.track_id).marks.push({ t: frame.t_ns / 1e9, box: one.box_px_xyxy, score: one.score_0_1, name: one.object_class, sure: one.confirmed });
    }
  }
  return [...tracks.values()];
}

export function boxesAt(tracks, t) {
  const found = [];
  for (const { id, marks } of tracks) {
    const next = marks.findIndex((mark) => mark.t > t);
    const before = next === -1 ? marks.at(-1) : marks[next - 1];
    const after = next === -1 ? undefined : marks[next];
    if (before && after && after.t - before.t <= JOIN_S) {
      const part = (t - before.t) / (after.t - before.t);
      found.push({ ...before, id, box: before.box.map((edge, i) => edge + (after.box[i] - edge) * part) });
    } else if (before && t - before.t <= HOLD_S) found.push({ ...before, id });
  }
  return found;
}

// How many tracks were seen in each of `count` equal pieces of a span of wall time.
export function density(lenses, startS, endS, count) {
  const sums = new Array(count).fill(0);
  for (const { firstS, seen } of lenses) {
    for (const frame of seen) {
      const s = firstS + frame.t_ns / 1e9 - startS;
      const [from, to] = [s, s + HOLD_S].map((edge) => Math.floor((edge / (endS - startS)) * count));
      for (let at = Math.max(0, from); at <= Math.min(count - 1, to); at += 1) sums[at] = Math.max(sums[at], frame.objects.length);
    }
  }
  return sums;
}

// Where a label goes: above its box, else below, inside, or the nearest free row; never over another label.
export function freeRow(labels, { x, wide, tall }, wanted, height) {
  const fits = (y) => y >= 0 && y + tall <= height && !labels.some((one) => x < one.x + one.wide && x + wide > one.x && Math.abs(y - one.y) < tall);
  const rows = [];
  for (let step = 1; step * tall < height; step += 1) rows.push(wanted[0] + step * tall, wanted[0] - step * tall);
  return [...wanted, ...rows].find(fits) ?? Math.max(0, Math.min(wanted[0], height - tall));
}

export class BoxLayer {
  constructor(canvas, video, lens, words) {
    this.canvas = canvas;
    this.video = video;
    this.lens = lens;
    this.words = words;
    this.tracks = tracksOf(lens.seen);
    this.on = true;
    this.drawn = [];
    this.lastS = null;
    new ResizeObserver(() => this.draw(this.lastS)).observe(canvas);
  }

  set shown(on) { this.on = on; this.draw(this.lastS); }

  draw(t) {
    this.lastS = t;
    const { canvas } = this;
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(canvas.clientHeight * scale);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    this.drawn = this.on && t !== null ? boxesAt(this.tracks, t) : [];
    if (!this.drawn.length) return;
    // The picture keeps its shape inside the canvas; what is left over stays black.
    const fit = Math.min(width / this.lens.width_px, height / this.lens.height_px);
    const left = (width - this.lens.width_px * fit) / 2;
    const top = (height - this.lens.height_px * fit) / 2;
    const labels = [];
    for (const one of this.drawn) this.#box(pen, one, { fit, left, top, scale, labels, width, height });
  }

  #box(pen, one, { fit, left, top, scale, labels, width, height }) {
    const [x1, y1, x2, y2] = one.box.map((edge, i) => edge * fit + (i % 2 ? top : left));
    pen.setLineDash(one.sure ? [] : [6 * scale, 4 * scale]);
    pen.lineJoin = "round";
    for (const [colour, wide] of [[DARK, 4], [GREEN, 2]]) {
      pen.strokeStyle = colour;
      pen.globalAlpha = colour === DARK ? 0.55 : 1;
      pen.lineWidth = wide * scale;
      pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
    pen.globalAlpha = 1;
    pen.font = `600 ${12 * scale}px system-ui, sans-serif`;
    const words = `${this.words(one.name)} ${number(one.score, 2)}`;
    const wide = pen.measureText(words).width + 10 * scale;
    const tall = 18 * scale;
    const x = Math.max(0, Math.min(x1 - scale, width - wide));
    const y = freeRow(labels, { x, wide, tall }, [y1 - tall, y2, y1, y2 - tall], height);
    labels.push({ x, y, wide });
    pen.fillStyle = GREEN;
    pen.fillRect(x, y, wide, tall);
    pen.fillStyle = DARK;
    pen.textBaseline = "middle";
    pen.fillText(words, x + 5 * scale, y + tall / 2 + scale * 0.5);
  }
}
