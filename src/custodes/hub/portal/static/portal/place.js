// Where a vehicle was last: one point on a plain grid.
import { plainMap } from "./player/map.js";

for (const element of document.querySelectorAll("[data-place]")) {
  const L = window.L;
  const place = [Number(element.dataset.lat), Number(element.dataset.lon)];
  const map = plainMap(L, element, element.dataset.speedUnit);
  map.setView(place, 15);
  L.circleMarker(place, { radius: 9, color: "#ffffff", weight: 3, fillColor: "#4c8dff", fillOpacity: 1, interactive: false }).addTo(map);
}
