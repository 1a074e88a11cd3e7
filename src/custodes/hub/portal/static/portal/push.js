// Turns notices on in this browser, and finds this browser in the list of those that have them.
import { csrf } from "./page.js";
import { say } from "./words.js";

const card = document.querySelector("[data-push]");
const button = card.querySelector("[data-push-button]");

function tell(state, words = "") {
  for (const part of card.querySelectorAll("[data-push-words]")) part.hidden = part.dataset.pushWords !== state;
  const failed = card.querySelector('[data-push-words="failed"]');
  if (failed) failed.textContent = words;
  if (button) button.hidden = state !== "off" && state !== "failed";
}

function bytesOf(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function textOf(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function rowOf(subscription) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
  const hex = [...new Uint8Array(hash)].map((one) => one.toString(16).padStart(2, "0")).join("");
  return card.querySelector(`[data-endpoint="${hex}"]`);
}

async function look() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return tell("missing");
  if (Notification.permission === "denied") return tell("denied");
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  const row = subscription && await rowOf(subscription);
  if (!row) return tell("off");
  row.querySelector("[data-push-here]").hidden = false;
  row.querySelector("[data-push-remove]").addEventListener("submit", () => subscription.unsubscribe());
  return tell("on");
}

async function turnOn() {
  if (await Notification.requestPermission() !== "granted") return look();
  const registration = await navigator.serviceWorker.ready;
  const old = await registration.pushManager.getSubscription();
  if (old) await old.unsubscribe(); // it may have been made for another key of this hub
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(card.dataset.key) });
  const body = new URLSearchParams({
    endpoint: made.endpoint, p256dh: textOf(made.getKey("p256dh")), auth: textOf(made.getKey("auth")),
  });
  const answer = await fetch(card.dataset.turnOn, { method: "POST", body, headers: { "X-CSRFToken": csrf() } });
  if (answer.ok) return window.location.reload();
  await made.unsubscribe();
  const told = await answer.json().catch(() => ({}));
  return tell("failed", told.error || say("The hub could not do that. Nothing was changed."));
}

if (button) {
  button.addEventListener("click", () => {
    button.disabled = true;
    turnOn()
      .catch(() => tell("failed", say("This browser could not reach the service of its maker. Notices stay off.")))
      .finally(() => { button.disabled = false; });
  });
}
if (card.dataset.key) look().catch(() => tell("missing"));
