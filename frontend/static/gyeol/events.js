// What a reader looks at, queued here and sent in batches; kept until the server has answered 2xx.
//
// Impression: at least half of a card was in view for one second. Click: its link was followed. Dwell: how long an
// article was in view (visible) and somebody was there (active). Each event has an id of its own, made here, so that
// sending it twice counts once.
"use strict";

(() => {
  const address = document.body.dataset.events;
  if (!address) return;

  const SHELF = `gyeol-events-${document.body.dataset.reader}`; // one queue per reader, on shared machines too
  const HALF = 0.5;
  const SECOND = 1000;
  const BATCH = 50;
  const KEPT_MOST = 1000; // after days without a connection the oldest go first
  const SEND_AFTER = 4000;
  const RETRY_FIRST = 5000;
  const RETRY_MOST = 5 * 60 * 1000;
  const IDLE_AFTER = 30 * 1000; // no key, pointer or scroll for so long: nobody is reading
  const DWELL_LEAST = 500;

  // -- Ids: UUID version 7, so that they sort by time --------------------------------------------------------

  function uuid7() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let time = Date.now();
    for (let at = 5; at >= 0; at -= 1) {
      bytes[at] = time % 256;
      time = Math.floor(time / 256);
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // -- The queue ----------------------------------------------------------------------------------------------
  // Several tabs share it: each reads it anew, and takes away only what the server has acknowledged, by id.

  let inMemory = [];
  let isRefused = false; // full or forbidden: then the events live as long as the page

  function load() {
    if (isRefused) return inMemory;
    try {
      const stored = JSON.parse(localStorage.getItem(SHELF) ?? "[]");
      return Array.isArray(stored) ? stored : [];
    } catch {
      return inMemory;
    }
  }

  function store(queue) {
    inMemory = queue.slice(-KEPT_MOST);
    try {
      localStorage.setItem(SHELF, JSON.stringify(inMemory));
      isRefused = false;
    } catch {
      isRefused = true;
    }
  }

  function add(kind, place, more = {}) {
    const event = { id: uuid7(), kind, article: place.article, at: new Date().toISOString(), ...more };
    if (place.slate) Object.assign(event, { slate: place.slate, position: place.position });
    store([...load(), event]);
    plan(SEND_AFTER);
  }

  // -- Sending ------------------------------------------------------------------------------------------------

  let timer = 0;
  let isSending = false;
  let retryIn = RETRY_FIRST;

  function plan(milliseconds) {
    if (!timer) timer = setTimeout(send, milliseconds);
  }

  function csrfToken() {
    return document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  }

  async function send() {
    clearTimeout(timer);
    timer = 0;
    const events = load().slice(0, BATCH);
    if (isSending || events.length === 0) return;
    isSending = true;
    try {
      const answer = await fetch(address, {
        method: "POST",
        keepalive: true,
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
        body: JSON.stringify({ events }),
      });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const done = new Set(events.map((event) => event.id));
      store(load().filter((event) => !done.has(event.id)));
      retryIn = RETRY_FIRST;
      isSending = false;
      if (load().length > 0) plan(0);
    } catch {
      isSending = false;
      plan(retryIn * (0.75 + Math.random() / 2));
      retryIn = Math.min(retryIn * 2, RETRY_MOST);
    }
  }

  // -- Impressions --------------------------------------------------------------------------------------------

  function placeOf(element) {
    const { article, reading, slate, position } = element.dataset;
    return { article: Number(article ?? reading), slate, position: position === undefined ? undefined : Number(position) };
  }

  const waiting = new Map();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio } of entries) {
        if (intersectionRatio >= HALF) watch(target);
        else forget(target);
      }
    },
    { threshold: [0, HALF] },
  );

  function watch(card) {
    if (waiting.has(card) || document.visibilityState !== "visible") return;
    const seen = () => {
      waiting.delete(card);
      observer.unobserve(card);
      card.dataset.seen = "";
      add("impression", placeOf(card));
    };
    waiting.set(card, setTimeout(seen, SECOND));
  }

  function forget(card) {
    clearTimeout(waiting.get(card));
    waiting.delete(card);
  }

  function observe(root) {
    for (const card of root.querySelectorAll(".card[data-article]:not([data-seen])")) observer.observe(card);
  }

  // -- Clicks -------------------------------------------------------------------------------------------------

  function clicked(event) {
    if (event.type === "auxclick" && event.button !== 1) return;
    const card = event.target.closest(".headline a")?.closest(".card[data-article]");
    if (card) add("click", placeOf(card));
  }

  // -- Dwell --------------------------------------------------------------------------------------------------

  const story = document.querySelector("[data-reading]");
  let visibleMs = 0;
  let activeMs = 0;
  let lastTick = performance.now();
  let lastSign = performance.now();

  function tick() {
    const now = performance.now();
    if (document.visibilityState === "visible") {
      visibleMs += now - lastTick;
      activeMs += Math.max(0, Math.min(now, lastSign + IDLE_AFTER) - lastTick);
    }
    lastTick = now;
  }

  function sign() {
    tick();
    lastSign = performance.now();
  }

  function closeDwell() {
    tick();
    if (activeMs >= DWELL_LEAST) {
      const visible = Math.round(visibleMs);
      add("dwell", placeOf(story), { visible_ms: visible, active_ms: Math.min(Math.round(activeMs), visible) });
    }
    visibleMs = 0;
    activeMs = 0;
  }

  // -- Start --------------------------------------------------------------------------------------------------

  document.addEventListener("click", clicked, true);
  document.addEventListener("auxclick", clicked, true);
  document.addEventListener("htmx:load", (event) => observe(event.detail.elt.parentElement ?? document));
  if (story) {
    for (const name of ["pointermove", "pointerdown", "keydown", "scroll", "touchmove"]) {
      addEventListener(name, sign, { passive: true });
    }
    document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? sign() : closeDwell()));
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") return observe(document);
    for (const card of [...waiting.keys()]) forget(card);
    return send();
  });
  addEventListener("pagehide", () => {
    if (story && document.visibilityState === "visible") closeDwell();
    send();
  });
  addEventListener("online", send);
  observe(document);
  plan(SEND_AFTER);
})();
