// Tell before a session ends: the server keeps the time, this only asks it and says so.
import { csrf, toast } from "./page.js";
import { language, say } from "./words.js";

const TELL_BEFORE_S = 120;
const CLOCK = new Intl.DateTimeFormat(language(), { timeStyle: "short" });
const dialog = document.getElementById("session");
let endsAt = 0;
let byAge = false;
let ticking = null;

function take({ idle_s: idle, whole_s: whole }) {
  endsAt = Date.now() + idle * 1000;
  byAge = whole <= idle;
  clearTimeout(ticking);
  if (idle > TELL_BEFORE_S) {
    if (dialog.open) dialog.close();
    ticking = setTimeout(look, Math.min((idle - TELL_BEFORE_S) * 1000, 2 ** 31 - 1));
    return;
  }
  tell();
}

// Another window may have been used meanwhile: ask, which keeps nobody signed in.
async function look() {
  try {
    const answer = await fetch(dialog.dataset.session, { headers: { Accept: "application/json" } });
    if (answer.ok) take(await answer.json());
    else leave();
  } catch {
    ticking = setTimeout(look, 10_000);  // no network: the server ends the session by itself
  }
}

function tell() {
  const left = Math.round((endsAt - Date.now()) / 1000);
  if (left <= 0) { look(); return; }
  dialog.querySelector("[data-ends-at]").textContent = CLOCK.format(endsAt);
  dialog.querySelector("[data-ends-in]").textContent = `${left} s`;
  dialog.querySelector("[data-by-silence]").hidden = byAge;
  dialog.querySelector("[data-by-age]").hidden = !byAge;
  dialog.querySelector("[data-stay]").hidden = byAge;
  if (!dialog.open && !dialog.dataset.told) { dialog.showModal(); dialog.dataset.told = "yes"; }
  ticking = setTimeout(tell, 1000);
}

async function stay() {
  const answer = await fetch(dialog.dataset.session, { method: "POST", headers: { "X-CSRFToken": csrf() } });
  if (!answer.ok) { leave(); return; }
  delete dialog.dataset.told;
  dialog.close();
  take(await answer.json());
}

function leave() {
  if (dialog.open) dialog.close();
  toast(say("Your session has ended. Sign in again to go on."), { bad: true, seconds: 3600 });
}

if (dialog) {
  dialog.querySelector("[data-stay]").addEventListener("click", stay);
  take({ idle_s: Number(dialog.dataset.idleS), whole_s: Number(dialog.dataset.wholeS) });
}
