// What the pages do beyond links and forms. Without this script everything still works, only with more page loads.
"use strict";

// -- Pictures fade in over the colour that kept their place ---------------------------------------------------

function fadeIn(root) {
  for (const image of root.querySelectorAll(".picture img")) {
    if (image.complete) continue;
    image.classList.add("is-coming");
    const show = () => image.classList.remove("is-coming");
    image.addEventListener("load", show, { once: true });
    image.addEventListener("error", show, { once: true });
  }
}

// -- Menus: one at a time, closed by a click elsewhere or Escape; they open to where there is room ------------

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const menu = event.target.closest("details.menu");
  const isItem = menu && event.target.closest(".menu-list");
  closeMenus(isItem ? null : menu);
  const closer = event.target.closest("[data-close-toast]");
  if (closer) closer.closest(".toast").remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches("details.menu[open]")) return;
    const list = event.target.querySelector(".menu-list");
    list.classList.remove("opens-down");
    if (list.getBoundingClientRect().top < 8) list.classList.add("opens-down");
  },
  true,
);

// -- HTMX: what comes in, what could not --------------------------------------------------------------------

const TOAST_MS = 8000;

function toast(words) {
  const element = document.createElement("div");
  element.className = "toast";
  const text = document.createElement("p");
  text.textContent = words;
  element.append(text);
  document.getElementById("toasts").append(element);
  expire(element);
}

function expire(element) {
  const leave = () => (element.matches(":hover, :focus-within") ? setTimeout(leave, 1000) : element.remove());
  setTimeout(leave, TOAST_MS);
}

document.addEventListener("htmx:load", (event) => {
  const element = event.detail.elt;
  fadeIn(element.parentElement || element);
  if (element.matches(".toast")) expire(element);
});

document.addEventListener("htmx:afterSwap", (event) => {
  const sheet = document.getElementById("sheet");
  if (event.detail.target.id !== "sheet-body" || sheet.open) return;
  // The menu that asked for it closes: whoever reads by keyboard comes back to its button.
  const asked = event.detail.requestConfig?.elt?.closest("details.menu")?.querySelector("summary");
  if (asked) sheet.addEventListener("close", () => asked.focus(), { once: true });
  sheet.showModal();
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.detail.elt.matches("[data-closes-sheet]")) document.getElementById("sheet").close();
});

for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, () => toast(document.body.dataset.wordsFailed));
}

// -- The dialog closes on a click beside it -----------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (event.target.id === "sheet") event.target.close();
});

// -- Onboarding: how many are picked ------------------------------------------------------------------------

function count(output) {
  const picked = document.querySelectorAll(`input[name="${output.dataset.count}"]:checked`).length;
  const { wordsNone, wordsFew, wordsEnough, suggested } = output.dataset;
  const words = picked === 0 ? wordsNone : picked < Number(suggested) ? wordsFew : wordsEnough;
  output.textContent = picked ? `${picked} · ${words}` : words;
}

for (const output of document.querySelectorAll("[data-count]")) {
  count(output);
  output.closest("form").addEventListener("change", () => count(output));
}

for (const field of document.querySelectorAll("[data-time-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// -- From card to article the picture moves -----------------------------------------------------------------

const NAME = "drawing";

function cardPicture(address) {
  const match = new URL(address, location.href).pathname.match(/^\/a\/(\d+)\/$/);
  return match && document.querySelector(`.card[data-article="${match[1]}"] > .picture`);
}

function carry(picture) {
  if (!picture || document.querySelector("[data-reading]")) return;
  picture.style.viewTransitionName = NAME;
}

addEventListener("pageswap", (event) => {
  if (event.viewTransition && event.activation?.entry) carry(cardPicture(event.activation.entry.url));
});

addEventListener("pagereveal", async (event) => {
  const from = globalThis.navigation?.activation?.from;
  if (!event.viewTransition || !from) return;
  const picture = cardPicture(from.url);
  carry(picture);
  await event.viewTransition.finished;
  if (picture) picture.style.viewTransitionName = "";
});

// -- Start --------------------------------------------------------------------------------------------------

fadeIn(document);
if ("serviceWorker" in navigator && isSecureContext) {
  navigator.serviceWorker.register(document.body.dataset.serviceWorker).catch(() => {});
}
