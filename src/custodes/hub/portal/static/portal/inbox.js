// The inbox: fills live without jumping, keyboard first, bulk acts with undo.
import { toast, typing } from "./page.js";
import { say, sayCount } from "./words.js";

const SETTLE_MS = 120;
const TOP_PX = 80;

const list = () => document.getElementById("list");
const rows = () => [...document.querySelectorAll("[data-clips] > [data-clip]")];
const shown = () => rows().filter((row) => !row.hidden);
const held = new Map();
let bookmark = list().dataset.bookmark;
let asking = false;
let askAgain = false;
let current = null;

// --- what came in ---------------------------------------------------------------------------------------------

function mayInsert() {
  const area = list().querySelector("[data-clips]");
  return window.scrollY < TOP_PX && !area.matches(":hover") && !area.contains(document.activeElement) && !chosen().length && !held.size;
}

function newer() {
  const bar = list().querySelector("[data-newer]");
  bar.hidden = held.size === 0;
  bar.textContent = `↑ ${sayCount("%s new clip", "%s new clips", held.size)}`;
}

function place(row) {
  const area = list().querySelector("[data-clips]");
  const after = rows().find((other) => other.dataset.folded === undefined && BigInt(other.dataset.onset) < BigInt(row.dataset.onset));
  area.insertBefore(row, after ?? area.querySelector(".next-page"));
  list().querySelector("[data-empty]")?.remove();
  row.classList.add("fresh");
  window.htmx?.process(row);
}

function showHeld() {
  for (const row of held.values()) place(row);
  held.clear();
  newer();
  fold();
}

function swap(old, row) {
  const box = old.querySelector("[data-select]");
  const focused = old.contains(document.activeElement);
  row.querySelector("[data-select]").checked = box.checked;
  old.replaceWith(row);
  if (focused) row.querySelector("[data-open]").focus({ preventScroll: true });
}

function take(html) {
  const answer = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  if (!answer) return;
  bookmark = answer.dataset.bookmark;
  for (const row of [...answer.querySelectorAll("[data-clip]")]) {
    const old = document.getElementById(row.id);
    if (old) swap(old, row);
    else if (mayInsert()) place(row);
    else held.set(row.id, row);
  }
  for (const gone of answer.querySelectorAll("[data-gone]")) {
    held.delete(`clip-${gone.dataset.gone}`);
    leave(document.getElementById(`clip-${gone.dataset.gone}`));
  }
  list().querySelector("[data-list-count]").textContent = answer.dataset.count;
  for (const count of document.querySelectorAll("[data-inbox-count]")) {
    count.textContent = answer.dataset.waiting;
    count.hidden = answer.dataset.waiting === "0";
    count.classList.toggle("hot", answer.dataset.waiting !== "0");
  }
  newer();
  fold();
  selection();
  if (answer.dataset.more !== undefined) setTimeout(ask, SETTLE_MS);
}

// --- events alike within an hour stand behind the newest of them ------------------------------------------------

const FOLDS_FROM = 3;
const unfolded = new Set();

function line(key) {
  const found = document.querySelector(`[data-fold-line="${CSS.escape(key)}"]`);
  if (found) return found;
  const item = document.createElement("li");
  item.className = "fold-line";
  item.dataset.foldLine = key;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.unfold = "";
  const chevron = Object.assign(document.createElement("span"), { className: "chevron" });
  chevron.setAttribute("aria-hidden", "true");
  const many = document.createElement("span");
  many.dataset.foldCount = "";
  const span = Object.assign(document.createElement("span"), { className: "muted" });
  span.dataset.foldSpan = "";
  button.append(chevron, many, " ", span);
  item.append(button);
  return item;
}

const after = (before, node) => { if (before.nextElementSibling !== node) before.after(node); };

function fold() {
  const groups = new Map();
  for (const row of rows()) groups.set(row.dataset.fold, [...(groups.get(row.dataset.fold) ?? []), row]);
  for (const old of document.querySelectorAll("[data-fold-line]")) if ((groups.get(old.dataset.foldLine) ?? []).length < FOLDS_FROM) old.remove();
  for (const [key, group] of groups) {
    group.sort((a, b) => (BigInt(b.dataset.onset) > BigInt(a.dataset.onset) ? 1 : -1));
    const [head, ...others] = group;
    delete head.dataset.folded;
    head.hidden = false;
    if (group.length < FOLDS_FROM) { for (const row of others) { delete row.dataset.folded; row.hidden = false; } continue; }
    const open = unfolded.has(key);
    const bar = line(key);
    bar.querySelector("[data-unfold]").setAttribute("aria-expanded", String(open));
    bar.querySelector("[data-fold-count]").textContent = sayCount("%s more like this", "%s more like this", others.length);
    bar.querySelector("[data-fold-span]").textContent = `${others.at(-1).dataset.clock} – ${others[0].dataset.clock}`;
    after(head, bar);
    let last = bar;
    for (const row of others) {
      after(last, row);
      last = row;
      row.dataset.folded = "";
      row.hidden = !open;
    }
  }
}

function unfold(row) {
  const key = row?.dataset.fold ?? row?.dataset.foldLine;
  if (!key || !document.querySelector(`[data-fold-line="${CSS.escape(key)}"]`)) return;
  if (!unfolded.delete(key)) unfolded.add(key);
  fold();
  selection();
}

// A head whose others are folded away stands for all of them: to choose it is to choose them.
function follow(box) {
  const row = box.closest("[data-clip]");
  if (row.dataset.folded !== undefined || unfolded.has(row.dataset.fold)) return;
  for (const other of rows()) if (other.hidden && other.dataset.fold === row.dataset.fold) other.querySelector("[data-select]").checked = box.checked;
}

function leave(row) {
  if (!row) return;
  if (row.contains(document.activeElement)) (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("[data-open]")?.focus({ preventScroll: true });
  row.remove();
}

async function ask() {
  if (asking) { askAgain = true; return; }
  asking = true;
  try {
    const query = list().dataset.query;
    const answer = await fetch(`${list().dataset.changed}?since=${bookmark}${query ? `&${query}` : ""}`);
    if (answer.ok) take(await answer.text());
    else if (answer.status === 410) window.location.reload();  // the page was left open for half a day
  } catch (error) {
    live(false, error.message);
  } finally {
    asking = false;
    if (askAgain) { askAgain = false; setTimeout(ask, SETTLE_MS); }
  }
}

function live(on, why = "") {
  const word = document.querySelector("[data-live]");
  word.hidden = false;
  word.textContent = on ? `● ${say("live")}` : `○ ${say("not live, trying again")}`;
  word.title = why;
  word.className = on ? "tag good" : "tag warning";
}

function listen() {
  const feed = new EventSource(list().dataset.feed);
  let timer = null;
  feed.addEventListener("open", () => live(true));
  feed.addEventListener("error", () => live(false));
  feed.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, SETTLE_MS);
  });
  window.addEventListener("pagehide", () => feed.close());
}

// --- choosing and moving -----------------------------------------------------------------------------------------

function chosen() { return [...document.querySelectorAll("[data-select]:checked")]; }

function selection() {
  const picked = chosen();
  const bulk = document.getElementById("bulk");
  bulk.hidden = picked.length === 0;
  bulk.querySelector("[data-selected-count]").textContent = String(picked.length);
  const all = document.querySelector("[data-select-all]");
  all.checked = picked.length > 0 && picked.length === rows().length;
  all.indeterminate = picked.length > 0 && picked.length < rows().length;
}

function move(by) {
  const here = shown();
  if (!here.length) return;
  const focused = document.activeElement?.closest?.("[data-clip]");
  const at = here.indexOf(focused ?? current);
  const next = here[Math.min(here.length - 1, Math.max(0, at === -1 ? 0 : at + by))];
  current = next;
  const link = next.querySelector("[data-open]");
  link.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  const here = document.activeElement?.closest?.("[data-clip]") ?? current;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "x" && here) { const box = here.querySelector("[data-select]"); box.checked = !box.checked; follow(box); selection(); }
  else if (event.key === "e") unfold(here ?? document.activeElement?.closest?.("[data-fold-line]"));
  else if (event.key === "Enter" && here && document.activeElement === document.body) here.querySelector("[data-open]").click();
  else if (event.key === "/") { document.querySelector(".more-filters").open = true; document.getElementById("first-filter").focus(); }
  else return;
  event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) for (const row of rows()) row.querySelector("[data-select]").checked = event.target.checked;
  if (event.target.matches("[data-select]")) follow(event.target);
  if (event.target.matches("[data-select], [data-select-all]")) selection();
});
document.addEventListener("click", (event) => {
  const bar = event.target.closest("[data-unfold]");
  if (bar) unfold(bar.closest("[data-fold-line]"));
  if (event.target.closest("[data-newer]")) { showHeld(); window.scrollTo({ top: 0 }); }
});
document.addEventListener("inbox-changed", () => {
  for (const box of chosen()) box.checked = false;
  selection();
  ask();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "list") return;
  held.clear();
  bookmark = list().dataset.bookmark;
  for (const field of document.querySelectorAll("[data-with-query] [name=query]")) field.value = list().dataset.query;
  selection();
});
window.addEventListener("pageshow", (event) => { if (event.persisted) { listen(); ask(); } });
window.addEventListener("online", ask);
window.addEventListener("offline", () => toast(say("You are offline: the list does not fill."), { bad: true }));

document.addEventListener("htmx:afterSettle", () => fold());
listen();
fold();
selection();
