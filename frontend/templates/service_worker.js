{% load static %}// Keeps one page for when there is no connection; everything else goes to the network as it is.
const PAGE = "{% url "offline" %}";
const KEPT = [PAGE, "{% static "gyeol/tokens.css" %}", "{% static "gyeol/page.css" %}", "{% static "gyeol/mark.svg" %}"];
const CACHE = "gyeol-offline-1";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isKept = KEPT.some((address) => new URL(request.url).pathname === address);
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(PAGE)));
  } else if (request.method === "GET" && isKept) {
    event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true })));
  }
});
