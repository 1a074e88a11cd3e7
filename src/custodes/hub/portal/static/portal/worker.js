// Keeps one page for when the hub cannot be reached. Nothing else is kept: no film, no list, no name.
const SHELF = "custodes-offline-1";
const PAGE = "/offline/";
const KEPT = [PAGE, "/static/portal/tokens.css", "/static/portal/base.css", "/static/portal/mark.svg"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll(KEPT)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== SHELF).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.mode === "navigate") event.respondWith(fetch(event.request).catch(() => caches.match(PAGE)));
  else if (KEPT.includes(new URL(event.request.url).pathname)) event.respondWith(fetch(event.request).catch(() => caches.match(event.request)));
});

// A notice says that there is something, and where in this hub; whatever else somebody may have sent is not shown.
self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch { /* no notice of this hub: the plain words below stand */ }
  const path = typeof told.path === "string" && told.path.startsWith("/") ? told.path : "/";
  event.waitUntil(self.registration.showNotification(String(told.title || "Custodes").slice(0, 80), {
    body: String(told.body || "").slice(0, 200), tag: path, icon: "/static/portal/mark.svg", data: { path },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = new URL(event.notification.data?.path || "/", self.location.origin);
  const target = address.origin === self.location.origin ? address.href : self.location.origin;
  event.waitUntil(self.clients.matchAll({ type: "window" }).then((open) => {
    const there = open.find((one) => one.url === target);
    return there ? there.focus() : self.clients.openWindow(target);
  }));
});
