// The visible mark: who watches, in which view, when; tiled over the picture and slowly moving.
// Light letters with a dark edge differ from any picture by brightness alone, so that no colour has to be told apart.
const TILT = -0.32;
const DRIFT_PX_S = 7;
const DRAW_MS = 250;
const STILL_MS = 5000;
const LETTER_PX = 15;
const ROW_PX = 96;
const GAP_PX = 110;

export class VisibleMark {
  constructor(picture, words, opacity) {
    this.words = words;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "visible-mark";
    this.canvas.setAttribute("aria-hidden", "true");
    this.canvas.style.opacity = String(opacity);
    // Above the film, below boxes, time and speed: those stay legible.
    picture.querySelector("video").after(this.canvas);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    new MutationObserver(() => { if (!picture.contains(this.canvas)) picture.querySelector("video").after(this.canvas); }).observe(picture, { childList: true });
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    setInterval(() => this.draw(), still ? STILL_MS : DRAW_MS);
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(canvas.clientHeight * scale);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    // Letters grow with the picture: full screen and zoom leave as many tiles.
    const size = Math.max(LETTER_PX, canvas.clientWidth / 64) * scale;
    const part = size / LETTER_PX;
    pen.font = `650 ${size}px system-ui, sans-serif`;
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = size / 5;
    pen.strokeStyle = "#000000";
    pen.fillStyle = "#ffffff";
    const words = this.words();
    const step = pen.measureText(words).width + GAP_PX * part;
    const row = ROW_PX * part;
    const drift = ((performance.now() / 1000) * DRIFT_PX_S * scale) % step;
    pen.translate(width / 2, height / 2);
    pen.rotate(TILT);
    const reach = Math.hypot(width, height) / 2;
    let at = 0;
    for (let y = -reach; y < reach + row; y += row) {
      at += 1;
      for (let x = -reach - step + ((at * step) / 3 + drift) % step; x < reach; x += step) {
        pen.strokeText(words, x, y);
        pen.fillText(words, x, y);
      }
    }
  }
}
