// The drive on a plain grid: no tiles, no stranger's server. Blue deepens with speed; the point moves with the film.
import { say } from "../words.js";
import { Line, speedUnit, speedWords } from "./motion.js";

const STEPS = ["#a9c8ff", "#7fb0ff", "#4c8dff", "#2f6fe0", "#1a4fb0"];
const JOIN_S = 5;

export function drawGrid(L, element) {
  const style = getComputedStyle(element);
  const Grid = L.GridLayer.extend({
    createTile() {
      const tile = document.createElement("canvas");
      const size = this.getTileSize();
      tile.width = size.x;
      tile.height = size.y;
      const pen = tile.getContext("2d");
      pen.strokeStyle = style.getPropertyValue("--line");
      for (let at = 0.5; at < size.x; at += 64) {
        pen.globalAlpha = at < 1 ? 1 : 0.5;
        pen.beginPath();
        pen.moveTo(at, 0);
        pen.lineTo(at, size.y);
        pen.moveTo(0, at);
        pen.lineTo(size.x, at);
        pen.stroke();
      }
      return tile;
    },
  });
  return new Grid({ maxZoom: 20, minZoom: 2, updateWhenZooming: false });
}

function corner(L, position, className, fill) {
  const control = L.control({ position });
  control.onAdd = () => { const box = L.DomUtil.create("div", className); fill(box); return box; };
  return control;
}

export function plainMap(L, element, unit) {
  const map = L.map(element, { attributionControl: false, zoomSnap: 0.5, maxZoom: 20, minZoom: 2, keyboard: false, fadeAnimation: false });
  drawGrid(L, element).addTo(map);
  L.control.scale({ metric: unit === "kmh", imperial: unit !== "kmh" }).addTo(map);
  corner(L, "topright", "map-north", (box) => { box.textContent = `▲ ${say("N")}`; }).addTo(map);
  return map;
}

export class DriveMap {
  constructor(element, { samples, unit, event, coordinates }) {
    const L = window.L;
    this.coordinates = coordinates;
    const fixes = samples.filter((one) => one.lat_deg !== null && one.lon_deg !== null);
    this.lat = new Line(fixes.map((one) => ({ s: one.wall_ns / 1e9, v: one.lat_deg })));
    this.lon = new Line(fixes.map((one) => ({ s: one.wall_ns / 1e9, v: one.lon_deg })));
    const map = plainMap(L, element, unit);
    const top = Math.max(1, ...fixes.map((one) => one.speed_mps ?? 0));
    const places = fixes.map((one) => [one.lat_deg, one.lon_deg]);
    L.polyline(places, { color: "#0a0b0d", weight: 7, opacity: 0.25, interactive: false }).addTo(map);
    for (let i = 1; i < fixes.length; i += 1) {
      if ((fixes[i].wall_ns - fixes[i - 1].wall_ns) / 1e9 > JOIN_S) continue;
      const step = Math.min(STEPS.length - 1, Math.floor(((fixes[i].speed_mps ?? 0) / top) * STEPS.length));
      L.polyline([places[i - 1], places[i]], { color: STEPS[step], weight: 4, interactive: false }).addTo(map);
    }
    const onset = this.place(event.onsetS);
    if (onset) L.circleMarker(onset, { radius: 7, color: "#0a0b0d", weight: 1, fillColor: "#ff5a52", fillOpacity: 1 }).bindTooltip(say("onset")).addTo(map);
    this.point = L.circleMarker(places[0], { radius: 8, color: "#ffffff", weight: 3, fillColor: "#4c8dff", fillOpacity: 1, interactive: false }).addTo(map);
    if (fixes.some((one) => one.speed_mps !== null)) this.#legend(L, map, top, unit);
    map.fitBounds(L.latLngBounds(places).pad(0.15), { maxZoom: 18 });
    new ResizeObserver(() => map.invalidateSize()).observe(element);
  }

  #legend(L, map, top, unit) {
    corner(L, "bottomright", "map-legend", (box) => {
      box.append("0");
      for (const colour of STEPS) { const step = document.createElement("i"); step.style.background = colour; box.append(step); }
      box.append(speedWords(top, speedUnit(unit)));
    }).addTo(map);
  }

  place(wallS) {
    const [lat, lon] = [this.lat.at(wallS), this.lon.at(wallS)];
    return lat === null || lon === null ? null : [lat, lon];
  }

  time(wallS) {
    const place = this.place(wallS);
    if (!place) return;
    this.point.setLatLng(place);
    if (this.coordinates) this.coordinates.textContent = `${place[0].toFixed(5)}, ${place[1].toFixed(5)}`;
  }
}
