// The dispatch board: vans in a list and on a plain grid, each with the way behind it, kept live by the feed.
import { plainMap } from "./player/map.js";
import { say } from "./words.js";

const TRAIL_POINTS = 360;
const board = document.querySelector("[data-board]");

class FleetMap {
  constructor(element, unit) {
    this.L = window.L;
    this.map = plainMap(this.L, element, unit);
    this.vans = new Map();
    this.map.setView([0, 0], 2);
    this.held = false; // somebody has moved it: it stays where they put it
    this.map.on("dragstart", () => { this.held = true; });
    element.addEventListener("click", (event) => { if (event.target.closest(".leaflet-control-zoom")) this.held = true; });
    element.addEventListener("wheel", () => { this.held = true; }, { passive: true });
    new ResizeObserver(() => this.map.invalidateSize()).observe(element);
  }

  show(key, name, point, trail = null) {
    const here = [point.lat, point.lon];
    let van = this.vans.get(key);
    if (!van) {
      const ground = this.L.polyline([], { color: "#0a0b0d", weight: 6, opacity: 0.25, interactive: false }).addTo(this.map);
      const way = this.L.polyline([], { color: "#4c8dff", weight: 3, interactive: false }).addTo(this.map);
      const mark = this.L.circleMarker(here, { radius: 9, color: "#ffffff", weight: 3, fillColor: "#4c8dff", fillOpacity: 1 }).addTo(this.map);
      mark.bindTooltip(name, { permanent: true, direction: "top", offset: [0, -8], className: "van-label" });
      mark.on("click", () => document.getElementById(`van-${key}`)?.scrollIntoView({ block: "nearest" }));
      van = { ground, way, mark };
      this.vans.set(key, van);
    }
    const last = van.way.getLatLngs();
    const places = trail ?? [...last.map((one) => [one.lat, one.lng]), here].slice(-TRAIL_POINTS);
    van.way.setLatLngs(places);
    van.ground.setLatLngs(places);
    van.mark.setLatLng(here);
    if (!this.held && !this.map.getBounds().contains(here)) this.all();
    van.mark.setStyle({ fillColor: point.old ? "#7d8794" : "#4c8dff" });
    van.mark.setTooltipContent(point.speed && !point.old ? `${name} · ${point.speed}` : name);
    return van;
  }

  drop(key) {
    const van = this.vans.get(key);
    if (!van) return;
    for (const layer of Object.values(van)) layer.remove();
    this.vans.delete(key);
  }

  all() {
    const L = this.L;
    const bounds = L.latLngBounds([]);
    for (const van of this.vans.values()) bounds.extend(van.mark.getLatLng()).extend(van.way.getLatLngs().length ? van.way.getBounds() : van.mark.getLatLng());
    if (bounds.isValid()) this.map.fitBounds(bounds.pad(0.2), { maxZoom: 16 });
  }

  find(key) {
    const van = this.vans.get(key);
    if (!van) return;
    this.held = true;
    this.map.setView(van.mark.getLatLng(), Math.max(15, this.map.getZoom()));
  }
}

function begin() {
  const map = new FleetMap(board.querySelector("[data-map]"), board.dataset.speedUnit);
  const list = board.querySelector("[data-vans]");
  const nowhere = board.querySelector("[data-nowhere]");
  const live = board.querySelector("[data-live]");
  const trails = JSON.parse(document.getElementById("trails").textContent);
  for (const [key, van] of Object.entries(trails)) map.show(key, van.name, van.point, van.trail);
  map.all();
  let fitted = map.vans.size > 0;

  list.addEventListener("click", (event) => {
    const found = event.target.closest("[data-find]");
    if (found) map.find(found.dataset.find);
  });

  function count() {
    board.querySelector("[data-van-count]").textContent = String(list.querySelectorAll("[data-van]:not(.idle)").length);
  }

  function told(event) {
    const { van, html, point } = JSON.parse(event.data);
    const fresh = document.createElement("template");
    fresh.innerHTML = html.trim();
    const row = fresh.content.firstElementChild;
    const old = document.getElementById(`van-${van}`);
    const focused = old?.contains(document.activeElement) && document.activeElement.matches("[data-find]");
    if (old) old.replaceWith(row);
    else list.append(row);
    if (focused) row.querySelector("[data-find]")?.focus();
    window.htmx?.process(row);
    if (point) map.show(van, row.querySelector(".van-name strong").textContent, point);
    else map.drop(van);
    if (!fitted && map.vans.size) { fitted = true; map.all(); }
    nowhere.hidden = map.vans.size > 0;
    count();
  }

  function said(words, css) {
    live.hidden = false;
    live.className = `tag ${css}`;
    live.textContent = words;
  }

  const feed = new EventSource(board.dataset.feed);
  feed.addEventListener("open", () => said(say("● live"), "good"));
  feed.addEventListener("error", () => said(feed.readyState === EventSource.CLOSED ? say("ended: load the page again") : say("reconnecting…"), "warning"));
  feed.addEventListener("van", told);
  feed.addEventListener("gone", (event) => {
    const { van } = JSON.parse(event.data);
    document.getElementById(`van-${van}`)?.remove();
    map.drop(van);
    nowhere.hidden = map.vans.size > 0;
    count();
  });
  window.addEventListener("pagehide", () => feed.close());
}

if (board) begin();
