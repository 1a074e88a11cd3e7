// The leak desk: files go up piece by piece, so that none of them lies on a disk in the clear; corners are dragged.
import { csrf } from "./page.js";
import { VisibleMark } from "./player/mark.js";
import { say } from "./words.js";

const TRIES = 4;

async function post(address, body, headers = {}) {
  for (let left = TRIES; ; left -= 1) {
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": csrf(), ...headers } });
      if (answer.ok || left <= 1 || answer.status < 500) return answer;
    } catch (error) {
      if (left <= 1) throw error;
    }
    await new Promise((done) => setTimeout(done, 1000 * (TRIES - left + 1)));
  }
}

// What was typed outlives a session that ended meanwhile; a file does not, and nothing else is kept.
const KEPT = `custodes-leaks ${window.location.pathname}`;

function keepTyped() {
  const typed = {};
  for (const field of document.querySelectorAll("main input[type=text], main select")) if (field.value) typed[field.id] = field.value;
  window.sessionStorage.setItem(KEPT, JSON.stringify(typed));
}

function bringBackTyped() {
  const kept = window.sessionStorage.getItem(KEPT);
  window.sessionStorage.removeItem(KEPT);
  if (!kept) return;
  for (const [id, value] of Object.entries(JSON.parse(kept))) {
    const field = document.getElementById(id);
    if (field && (field.tagName === "SELECT" || !field.value)) field.value = value;
  }
}

async function errorOf(answer) {
  try {
    return (await answer.json()).error || say("The hub could not do that. Nothing was changed.");
  } catch {
    return say("The hub could not do that. Nothing was changed.");
  }
}

function rowFor(list, file) {
  const row = document.createElement("li");
  const line = document.createElement("div");
  line.className = "row";
  const name = document.createElement("strong");
  name.textContent = file.name;
  const state = document.createElement("span");
  state.className = "muted small";
  const bar = document.createElement("progress");
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  line.append(name, state);
  row.append(line, bar);
  list.append(row);
  return { row, state, bar };
}

function signInAgain(shown) {
  keepTyped();
  shown.state.textContent = say("Your session has ended: sign in and send the file again.");
  shown.state.className = "danger-text small";
  shown.bar.remove();
  const link = document.createElement("a");
  link.href = `/accounts/login/?next=${encodeURIComponent(window.location.pathname + window.location.search)}`;
  link.textContent = say("Sign in");
  shown.state.after(link);
  return null;
}

async function send(desk, list, file) {
  const shown = rowFor(list, file);
  const refuse = (words) => {
    shown.state.textContent = words;
    shown.state.className = "danger-text small";
    shown.bar.remove();
    return null;
  };
  const form = new FormData(desk);
  form.delete("file");
  form.set("name", file.name);
  form.set("size", String(file.size));
  try {
    const announced = await post(desk.dataset.announce, form);
    if (announced.redirected || announced.status === 403) return signInAgain(shown);
    if (!announced.ok) return refuse(await errorOf(announced));
    const { leak, piece_bytes: step } = await announced.json();
    const base = `${desk.dataset.desk}${leak}/`;
    for (let at = 0, number = 0; at < file.size; at += step, number += 1) {
      const piece = file.slice(at, at + step);
      const kept = await post(`${base}pieces/${number}/`, piece, { "Content-Type": "application/octet-stream" });
      if (!kept.ok) return refuse(await errorOf(kept));
      shown.bar.value = at + piece.size;
    }
    const whole = await post(`${base}arrived/`, "");
    if (!whole.ok) return refuse(await errorOf(whole));
    shown.state.textContent = say("arrived");
    shown.bar.remove();
    const link = document.createElement("a");
    link.href = base;
    link.textContent = say("See how far it is");
    shown.state.after(link);
    return base;
  } catch {
    return refuse(say("The hub does not answer. Send the file again."));
  }
}

function openDesk(desk) {
  const field = desk.querySelector("input[type=file]");
  const list = desk.querySelector("[data-arrivals]");
  const zone = desk.querySelector(".drop");
  let busy = false;
  async function take(files) {
    if (busy || !files.length) return;
    busy = true;
    const going = [];
    for (const file of files) going.push(await send(desk, list, file));
    busy = false;
    field.value = "";
    const there = going.filter(Boolean);
    if (there.length === 1 && going.length === 1) window.location.assign(there[0]);
    else if (there.length === going.length) window.location.reload();
  }
  field.addEventListener("change", () => take([...field.files]));
  for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => { event.preventDefault(); take([...event.dataTransfer.files]); });
  window.addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });
}

function openClicker(box) {
  const shape = box.querySelector("polygon");
  const handles = [...box.querySelectorAll("button")];
  const kept = document.getElementById(box.dataset.field);
  const places = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];
  function draw() {
    handles.forEach((handle, at) => {
      handle.style.left = `${places[at][0] * 100}%`;
      handle.style.top = `${places[at][1] * 100}%`;
    });
    shape.setAttribute("points", places.map(([x, y]) => `${x * 100},${y * 100}`).join(" "));
    kept.value = JSON.stringify(places);
  }
  const within = (value) => Math.min(1.1, Math.max(-0.1, value));
  function move(at, x, y) {
    places[at] = [within(x), within(y)];
    draw();
  }
  handles.forEach((handle, at) => {
    handle.addEventListener("pointerdown", (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); handle.focus(); });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const frame = box.getBoundingClientRect();
      move(at, (event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height);
    });
    handle.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 0.02 : 0.002;
      const [x, y] = places[at];
      const there = { ArrowLeft: [x - step, y], ArrowRight: [x + step, y], ArrowUp: [x, y - step], ArrowDown: [x, y + step] }[event.key];
      if (there) { event.preventDefault(); move(at, ...there); }
    });
  });
  draw();
}

function showMoment(video) {
  const go = () => { video.currentTime = Number(video.dataset.at); };
  if (video.readyState > 0) go();
  else video.addEventListener("loadedmetadata", go, { once: true });
}

bringBackTyped();
for (const form of document.querySelectorAll("main form[method=post]")) form.addEventListener("submit", keepTyped);
const desk = document.getElementById("desk");
if (desk) openDesk(desk);
for (const box of document.querySelectorAll("[data-clicker]")) openClicker(box);
for (const video of document.querySelectorAll("video[data-at]")) showMoment(video);
for (const picture of document.querySelectorAll(".beside [data-mark-who]")) {
  const { markWho, markView, markOpacity } = picture.dataset;
  const words = () => `${markWho} · ${markView} · ${new Date().toISOString().slice(0, 16).replace("T", " ")}`;
  new VisibleMark(picture, words, Number(markOpacity));
}
