// Films of one moment, side by side and in step. One film is the clock; the others follow it to within a frame.
const FOLLOW_HARD_S = 0.3;
const EPSILON_S = 0.001;
const SETTLE_MS = 1500;
const MOST_STEPS_AHEAD = 5;

export class Film {
  constructor({ video, name, firstS, durationS, frames }) {
    Object.assign(this, { video, name, firstS, durationS });
    this.frameS = durationS / Math.max(1, frames);
    this.shownS = 0;
    this.broken = false;
    this.pending = null;
  }

  get endS() { return this.firstS + this.durationS; }

  covers(wallS) { return wallS >= this.firstS - this.frameS && wallS <= this.endS + this.frameS; }

  get wallS() { return this.firstS + this.video.currentTime; }

  // Show the frame of a film time; resolves with the media time that came on screen.
  show(t) {
    const target = Math.min(Math.max(0, t), Math.max(0, this.durationS - EPSILON_S));
    if (this.pending) { this.pending.next = target; return this.pending.done; }
    const pending = { next: null };
    pending.done = this.#seek(target).finally(() => {
      this.pending = null;
      if (pending.next !== null) return this.show(pending.next);
      return undefined;
    });
    this.pending = pending;
    return pending.done;
  }

  #seek(target) {
    const video = this.video;
    return new Promise((resolve) => {
      let frame = null;
      let sought = false;
      const finish = () => { clearTimeout(late); if (frame !== null) this.shownS = frame; resolve(this.shownS); };
      const late = setTimeout(finish, SETTLE_MS);
      const watch = (_now, meta) => { frame = meta.mediaTime; if (sought) finish(); else video.requestVideoFrameCallback(watch); };
      video.addEventListener("seeked", () => {
        sought = true;
        // The frame may have come just before the event; one more turn lets a later one replace it.
        if (frame !== null) setTimeout(finish, 30); else setTimeout(() => frame === null && finish(), 250);
      }, { once: true });
      video.requestVideoFrameCallback(watch);
      video.currentTime = target + EPSILON_S;
    });
  }
}

export class Reel extends EventTarget {
  constructor(films) {
    super();
    this.films = films;
    this.rate = 1;
    this.playing = false;
    this.startS = Math.min(...films.map((film) => film.firstS));
    this.endS = Math.max(...films.map((film) => film.endS));
    this.wallS = this.startS;
    this.busy = false;
    this.steps = 0;
    this.seeks = 0;
    for (const film of films) this.#listen(film);
  }

  // The first moment with a picture from every film that has begun by `latestS`, which a viewer must not miss.
  firstTogetherS(latestS) {
    return Math.max(this.startS, ...this.films.filter((film) => !film.broken && film.firstS <= latestS).map((film) => film.firstS));
  }

  get clock() {
    return this.films.find((film) => !film.broken && film.covers(this.wallS)) ?? this.films.find((film) => !film.broken);
  }

  #listen(film) {
    const onFrame = (_now, meta) => {
      film.shownS = meta.mediaTime;
      if (this.playing && film === this.clock) this.#turn(film.firstS + meta.mediaTime);
      this.dispatchEvent(new CustomEvent("frame", { detail: { film, mediaS: meta.mediaTime } }));
      film.video.requestVideoFrameCallback(onFrame);
    };
    film.video.requestVideoFrameCallback(onFrame);
    film.video.addEventListener("error", () => { film.broken = true; this.dispatchEvent(new CustomEvent("broken", { detail: { film } })); });
    film.video.addEventListener("progress", () => this.dispatchEvent(new Event("buffered")));
    film.video.addEventListener("ended", () => { if (this.playing && film === this.clock) this.#onward(film); });
    film.video.addEventListener("waiting", () => this.dispatchEvent(new Event("waiting")));
  }

  #onward(film) {
    const later = this.films.find((other) => !other.broken && other.endS > film.endS + other.frameS);
    if (later) { this.wallS = film.endS + 2 * film.frameS; this.#follow(later); later.video.play(); } else this.pause();
  }

  #turn(wallS) {
    this.wallS = wallS;
    for (const film of this.films) if (film !== this.clock && !film.broken) this.#follow(film);
    this.dispatchEvent(new Event("time"));
  }

  // Hold a film to the clock: a jump when far, a slightly other speed when near, nothing when within half a frame.
  #follow(film) {
    const clock = this.clock;
    const wanted = clock.wallS - film.firstS;
    if (wanted < 0 || wanted > film.durationS) { if (!film.video.paused) film.video.pause(); return; }
    if (film.video.paused && this.playing) { film.video.currentTime = wanted; film.video.playbackRate = this.rate; film.video.play(); return; }
    if (film.video.seeking) return;
    const drift = film.video.currentTime - wanted;
    if (Math.abs(drift) > FOLLOW_HARD_S * Math.max(1, this.rate)) film.video.currentTime = wanted;
    else if (Math.abs(drift) > film.frameS / 2) film.video.playbackRate = this.rate * (1 - Math.max(-0.25, Math.min(0.25, drift * 2)));
    else if (film.video.playbackRate !== this.rate) film.video.playbackRate = this.rate;
  }

  // Largest distance between what any two films show now, in seconds; tests and the help read it.
  get spreadS() {
    const shown = this.films.filter((film) => !film.broken && film.covers(this.wallS)).map((film) => film.firstS + film.shownS);
    return shown.length > 1 ? Math.max(...shown) - Math.min(...shown) : 0;
  }

  async play() {
    if (this.wallS >= this.endS - 0.05) await this.seek(this.startS);
    const ready = this.films.filter((film) => !film.broken && film.covers(this.wallS));
    if (!ready.length) return;
    this.playing = true;
    this.dispatchEvent(new Event("state"));
    const started = await Promise.allSettled(ready.map((film) => { film.video.playbackRate = this.rate; return film.video.play(); }));
    if (started[0].status === "rejected") this.pause();
  }

  pause() {
    this.playing = false;
    for (const film of this.films) film.video.pause();
    this.dispatchEvent(new Event("state"));
    const clock = this.clock;
    if (clock) { const shown = clock.firstS + clock.shownS; for (const film of this.films) if (film !== clock && film.covers(shown)) film.show(shown - film.firstS); }
  }

  toggle() { return this.playing ? this.pause() : this.play(); }

  setRate(rate) {
    this.rate = rate;
    for (const film of this.films) film.video.playbackRate = rate;
    this.dispatchEvent(new Event("rate"));
  }

  async seek(wallS) {
    this.seeks += 1;
    this.steps = 0;
    this.wallS = Math.min(Math.max(wallS, this.startS), this.endS);
    this.dispatchEvent(new Event("time"));
    const here = this.films.filter((film) => !film.broken);
    await Promise.all(here.map((film) => film.show(this.wallS - film.firstS)));
    if (this.playing) for (const film of here) if (film.video.paused && film.covers(this.wallS) && !film.video.ended) film.video.play();
    this.dispatchEvent(new Event("time"));
  }

  // One true frame: back is the picture just before this one begins; forward is the first that differs.
  // A seek meanwhile has the last word.
  async step(direction) {
    if (this.busy) { this.steps = Math.max(-MOST_STEPS_AHEAD, Math.min(MOST_STEPS_AHEAD, this.steps + direction)); return; }
    if (this.playing) this.pause();
    this.busy = true;
    try {
      await this.#stepOnce(direction);
      while (this.steps) {
        const next = Math.sign(this.steps);
        this.steps -= next;
        await this.#stepOnce(next);
      }
    } finally { this.busy = false; this.steps = 0; }
  }

  async #stepOnce(direction) {
    const film = this.clock;
    if (!film) return;
    const seeks = this.seeks;
    if (film.pending) await film.pending.done;
    const from = film.shownS;
    let shown = from;
    if (direction < 0) {
      for (let reach = 2 * EPSILON_S; seeks === this.seeks && shown >= from - EPSILON_S / 4 && reach < 4 * film.frameS && from > EPSILON_S; reach += film.frameS / 2) shown = await film.show(from - reach);
    } else {
      for (let reach = film.frameS * 0.6; seeks === this.seeks && shown <= from + EPSILON_S / 4 && reach < 12 * film.frameS && from + reach < film.durationS; reach += film.frameS / 2) shown = await film.show(from + reach);
    }
    if (seeks !== this.seeks) return;
    this.wallS = film.firstS + shown;
    for (const other of this.films) if (other !== film && !other.broken && other.covers(this.wallS)) other.show(this.wallS - other.firstS);
    this.dispatchEvent(new Event("time"));
  }
}
