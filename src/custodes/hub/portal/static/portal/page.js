// What every page does: relative times, toasts, dialogs, menus, countdowns, copying, the keys' help, offline.
import { say, sayCount } from "./words.js";

export function csrf() {
  return document.body.dataset.csrf;
}

export function relative(then, now = Date.now()) {
  const seconds = Math.round((now - then) / 1000);
  if (seconds < -60) return ""; // to come: the exact time beside it says it all
  if (seconds < 45) return say("just now");
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return sayCount("%s min ago", "%s min ago", minutes);
  const hours = Math.round(minutes / 60);
  if (hours < 24) return sayCount("%s h ago", "%s h ago", hours);
  return sayCount("%s day ago", "%s days ago", Math.round(hours / 24));
}

function refreshTimes(root = document) {
  for (const part of root.querySelectorAll("time [data-ago]")) {
    const words = relative(Date.parse(part.closest("time").dateTime));
    if (part.textContent !== words) part.textContent = words;
  }
}

export function toast(words, { bad = false, seconds = 8 } = {}) {
  const box = document.createElement("div");
  box.className = bad ? "toast bad" : "toast";
  box.dataset.toast = String(seconds);
  const text = document.createElement("span");
  text.className = "grow";
  text.textContent = words;
  box.append(text);
  document.getElementById("toasts")?.append(box);
  settle(box);
}

function settle(box) {
  if (box.dataset.settled) return;
  box.dataset.settled = "yes";
  const life = Number(box.dataset.toast || 8) * 1000;
  let left = setTimeout(() => box.remove(), life);
  const hold = () => clearTimeout(left);
  const release = () => { left = setTimeout(() => box.remove(), 4000); };
  box.addEventListener("pointerenter", hold);
  box.addEventListener("focusin", hold);
  box.addEventListener("pointerleave", release);
  box.addEventListener("focusout", release);
}

function clockWords(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes}:${String(seconds % 60).padStart(2, "0")}` : `${seconds} s`;
}

function tickCountdowns() {
  for (const bar of document.querySelectorAll("[data-countdown]")) {
    const from = Date.parse(bar.dataset.from);
    const until = Date.parse(bar.dataset.until);
    const left = until - Date.now();
    bar.firstElementChild.style.transform = `scaleX(${Math.min(1, Math.max(0, left / (until - from)))})`;
    const words = bar.parentElement.querySelector("[data-remaining]");
    if (words) words.textContent = clockWords(left);
    if (left <= 0 && !bar.dataset.over) {
      bar.dataset.over = "yes";
      if (bar.dataset.then === "reload") setTimeout(() => window.location.reload(), 1500);
      bar.dispatchEvent(new CustomEvent("countdown-over", { bubbles: true }));
    }
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
    toast(say("Copied"), { seconds: 3 });
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    const chosen = window.getSelection();
    chosen.removeAllRanges();
    chosen.addRange(range);
    toast(say("Selected: press Ctrl+C to copy"), { seconds: 6 });
  }
}

export function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
    && !/^(checkbox|radio|button|submit)$/.test(target.type || "");
}

for (const dialog of document.querySelectorAll("dialog[data-open-now]")) { dialog.close(); dialog.showModal(); }

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  const opener = target.closest("[data-open-dialog]");
  if (opener) {
    opener.closest("details.menu")?.removeAttribute("open");
    document.getElementById(opener.dataset.openDialog)?.showModal();
  }
  if (target.closest("[data-close-dialog]")) target.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement) target.close();
  const copier = target.closest("[data-copy]");
  if (copier) copy(copier);
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  if (event.key === "?" && !typing(event.target) && !event.ctrlKey && !event.metaKey) {
    const help = document.getElementById("keys");
    if (help && !document.querySelector("dialog[open]")) { event.preventDefault(); help.showModal(); }
  }
});

document.addEventListener("change", (event) => {
  event.target.closest?.("[data-submit-on-change]")?.requestSubmit();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.busy) { event.preventDefault(); return; }
  if (form.method === "post" && !form.hasAttribute("hx-post")) {
    form.dataset.busy = "yes";
    setTimeout(() => delete form.dataset.busy, 4000);
  }
});

// htmx: the token that proves the form is ours, and an honest word when the hub does not answer.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrf();
  const form = event.detail.elt;
  if (form instanceof HTMLFormElement && form.dataset.prune !== undefined) {
    for (const [name, value] of Object.entries(event.detail.parameters)) if (value === "") delete event.detail.parameters[name];
  }
});
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  toast(status === 403 ? say("The hub refused: sign in again and retry.") : status === 404
    ? say("That is not there, or not for you.") : say("The hub could not do that. Nothing was changed."), { bad: true });
});
document.addEventListener("htmx:sendError", () => toast(say("The hub does not answer. Nothing was changed."), { bad: true }));
document.addEventListener("htmx:load", (event) => {
  refreshTimes(event.target);
  for (const box of document.querySelectorAll("[data-toast]")) settle(box);
});

for (const box of document.querySelectorAll("[data-toast]")) settle(box);
refreshTimes();
setInterval(refreshTimes, 20000);
tickCountdowns();
setInterval(tickCountdowns, 250);

if ("serviceWorker" in navigator && window.isSecureContext && document.body.dataset.worker) {
  navigator.serviceWorker.register(document.body.dataset.worker, { scope: "/" }).catch((error) => {
    console.info(`offline page not kept: ${error.message}`);
  });
}
