// The page of a shared film: takes the token out of the address before anybody can read it there, and hands it over once.
const card = document.querySelector("[data-open-share]");
const token = window.location.hash.slice(1);

if (card && token) {
  window.history.replaceState(null, "", window.location.pathname);
  card.querySelector("[name=token]").value = token;
  card.hidden = false;
  document.querySelector("[data-share]")?.setAttribute("hidden", "");
} else if (card && !card.hidden) {
  for (const part of card.querySelectorAll("[data-with-token]")) part.hidden = true;
  for (const part of card.querySelectorAll("[data-without-token]")) part.hidden = false;
}
