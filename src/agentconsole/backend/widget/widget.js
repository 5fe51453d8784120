/** The launcher: a bubble on any page that opens the chat in a frame of its own. */
(() => {
  "use strict";

  const script = document.currentScript;
  const NAME = "agentconsole-launcher";
  if (!script) return;

  const SVG = "http://www.w3.org/2000/svg";
  const ORIGIN = new URL(script.src).origin;
  const { department = "", lang = "", color = "", position = "right", title = "", theme = "" } = script.dataset;
  const side = position === "left" ? "left" : "right";
  const others = [...document.querySelectorAll(NAME)];
  if (others.some((one) => one.dataset.department === department)) return;

  /** Our place in the row of launchers on this side: that of our tag among theirs, whichever is loaded first. */
  function place() {
    const tags = [...document.scripts].filter((one) => one.src === script.src && (one.dataset.position === "left") === (side === "left"));
    const departments = tags.map((one) => one.dataset.department ?? "");
    const before = new Set(departments.slice(0, Math.max(0, departments.indexOf(department))));
    const taken = new Set(others.filter((one) => one.dataset.side === side).map((one) => one.dataset.place));
    let found = before.size;
    while (taken.has(String(found))) found += 1;
    return found;
  }

  const PLACE = place();
  const OPENED = "agentconsole-opened";
  const labels = { open: title || "Chat", close: "Close", unread: "" };
  let open = false;
  let blocked = false;
  let focusFrame = false;
  let listening = false;

  const SMALL = "(max-width: 480px), (max-height: 480px)";
  const STYLE = `
    :host { all: initial }
    .bubble {
      position: fixed; inset-block-end: max(20px, env(safe-area-inset-bottom)); ${side}: ${20 + 74 * PLACE}px; box-sizing: border-box;
      inline-size: 60px; block-size: 60px; padding: 0; border: 1px solid rgb(255 255 255 / .25); border-radius: 50%; cursor: pointer;
      background: var(--fill); color: var(--ink); box-shadow: 0 6px 24px rgb(0 0 0 / .22), 0 1px 4px rgb(0 0 0 / .2);
      transition: transform .18s ease, box-shadow .18s ease;
    }
    .bubble:hover { transform: translateY(-2px); box-shadow: 0 10px 30px rgb(0 0 0 / .28), 0 2px 6px rgb(0 0 0 / .2) }
    .bubble:focus-visible { outline: 3px solid #fff; outline-offset: 2px; box-shadow: 0 0 0 7px #0b57d0 }
    svg { position: absolute; inset: 0; margin: auto; inline-size: 28px; block-size: 28px; fill: none; stroke: currentColor;
      stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; transition: opacity .18s ease, transform .18s ease }
    .down, .open .chat { opacity: 0; transform: rotate(-30deg) scale(.6) }
    .open .down { opacity: 1; transform: none }
    .badge {
      position: absolute; inset-block-start: -4px; inset-inline-end: -4px; box-sizing: border-box; min-inline-size: 22px; block-size: 22px;
      padding: 0 6px; border: 2px solid #fff; border-radius: 11px; background: #c5221f; color: #fff;
      font: 700 12px/18px system-ui, sans-serif; text-align: center;
    }
    .badge:empty { display: none }
    iframe {
      position: fixed; inset-block-end: calc(max(20px, env(safe-area-inset-bottom)) + 74px); ${side}: 20px; box-sizing: border-box;
      inline-size: 390px; block-size: min(640px, calc(100vh - 114px)); border: 0; border-radius: 16px;
      background: transparent; box-shadow: 0 12px 48px rgb(0 0 0 / .26), 0 0 0 1px rgb(0 0 0 / .08);
      visibility: hidden; opacity: 0; transform: translateY(12px) scale(.98); transform-origin: bottom ${side};
      transition: opacity .18s ease, transform .18s ease, visibility 0s .18s;
    }
    .open iframe { visibility: visible; opacity: 1; transform: none; transition-delay: 0s }
    .told { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%) }
    @media ${SMALL} {
      iframe { inset: 0; inline-size: 100%; block-size: 100%; border-radius: 0; box-shadow: none }
      .open .bubble, .behind .bubble { display: none }
    }
    @media (prefers-reduced-motion: reduce) { .bubble, svg, iframe { transition: none } .bubble:hover { transform: none } }
    @media (forced-colors: active) { .bubble, iframe { border: 2px solid ButtonText } }
    @media print { .bubble, iframe { display: none } }
  `;

  function made(name, attributes, parent, before = null) {
    const one = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    parent.insertBefore(one, before);
    return one;
  }

  function drawing(name, d, parent) {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", name);
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", d);
    svg.append(path);
    parent.append(svg);
  }

  /** The host's own style is inline and important, so that no style sheet of the page can win over it. */
  function pinned(host) {
    const style = { all: "initial", "color-scheme": "inherit", display: "block", position: "fixed", "z-index": "2147483647", inset: "auto", width: "0", height: "0" };
    for (const [key, value] of Object.entries(style)) host.style.setProperty(key, value, "important");
  }

  /** White or dark, whichever reads better on a #rgb or #rrggbb colour. */
  function inkOn(hex) {
    const digits = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
    const [r, g, b] = [1, 3, 5].map((at) => (Number.parseInt(digits.slice(at, at + 2), 16) / 255) ** 2.2);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.3 ? "#11181c" : "#fff";
  }

  const host = document.createElement(NAME);
  pinned(host);
  Object.assign(host.dataset, { department, side, place: String(PLACE) });
  const shadow = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];

  const fill = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(color) ? color : "#0f6e62";
  const box = made("div", { class: "box" }, shadow);
  box.style.setProperty("--fill", fill);
  box.style.setProperty("--ink", inkOn(fill));

  const bubble = made("button", { class: "bubble", type: "button", "aria-expanded": "false" }, box);
  drawing("chat", "M4 5.5h16v11h-9L6.5 20v-3.5H4z", bubble);
  drawing("down", "m6 9.5 6 6 6-6", bubble);
  const badge = made("span", { class: "badge", "aria-hidden": "true" }, bubble);
  const told = made("span", { class: "told", role: "status" }, box);

  const address = new URL("/chat", ORIGIN);
  const asked = { department, lang: lang || document.documentElement.lang, color, title, theme };
  for (const [key, value] of Object.entries(asked)) if (value) address.searchParams.set(key, value);
  let frame = null;

  function name() {
    const count = badge.textContent;
    const news = count && labels.unread ? labels.unread.replace("{n}", count) : "";
    bubble.setAttribute("aria-label", open ? labels.close : [labels.open, news].filter(Boolean).join(". "));
    told.textContent = open ? "" : news;
    bubble.title = open ? "" : labels.open;
  }

  function load() {
    if (frame) return;
    frame = made("iframe", { title: labels.open, src: address.href, allow: "clipboard-write" }, box, bubble);
  }

  function tell(kind, details) {
    if (listening) frame.contentWindow?.postMessage({ agentconsole: kind, ...details }, ORIGIN);
  }

  function tellPage() {
    tell("page", { url: location.href, title: document.title });
  }

  function turn(wanted, focus) {
    if (wanted && blocked) {
      window.open(address.href, "_blank", "noopener");
      return;
    }
    open = wanted;
    load();
    fit();
    box.classList.toggle("open", open);
    bubble.setAttribute("aria-expanded", String(open));
    name();
    window.dispatchEvent(new CustomEvent(OPENED, { detail: { host, open } }));
    focusFrame = open && focus;
    tell("open", { open, focus: focusFrame });
    if (focusFrame && listening) frame.focus();
    else if (focus) bubble.focus();
  }

  /** A phone's keyboard lies over the page: the chat keeps to what is left of the screen. */
  function fit() {
    const { height, offsetTop, scale } = window.visualViewport;
    const covered = open && scale === 1 && height < window.innerHeight - 1 && window.matchMedia(SMALL).matches;
    frame.style.blockSize = covered ? `${height}px` : "";
    frame.style.insetBlock = covered ? `${offsetTop}px auto` : "";
  }

  /** Whether the visitor does something else on the page meanwhile. */
  function elsewhere() {
    return ![document.body, host, null].includes(document.activeElement);
  }

  const heard = {
    ready(message) {
      for (const key of Object.keys(labels)) if (typeof message.labels?.[key] === "string") labels[key] = message.labels[key];
      frame.title = labels.open;
      listening = true;
      tellPage();
      if (open || message.open === true) turn(true, focusFrame && !elsewhere());
      name();
    },
    unread({ count }) {
      badge.textContent = Number.isInteger(count) && count > 0 ? String(Math.min(count, 99)) : "";
      name();
    },
    close() {
      if (open) turn(false, true);
    },
  };

  window.addEventListener("message", ({ origin, source, data }) => {
    if (origin !== ORIGIN || !frame || source !== frame.contentWindow || typeof data !== "object" || data === null) return;
    if (Object.hasOwn(heard, data.agentconsole)) heard[data.agentconsole](data);
  });

  /** A page whose policy forbids our frame gets the chat in a tab of its own. */
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
    if (effectiveDirective !== "frame-src" || !blockedURI.startsWith(ORIGIN) || blocked) return;
    blocked = true;
    if (!open) return;
    turn(false, true);
    turn(true, false);
  });

  /** Several launchers on one page: one window is open at a time, and on a small screen nothing lies on it. */
  window.addEventListener(OPENED, ({ detail }) => {
    if (!detail || detail.host === host) return;
    box.classList.toggle("behind", detail.open === true);
    if (detail.open === true && open) turn(false, false);
  });

  bubble.addEventListener("click", () => turn(!open, true));
  bubble.addEventListener("keydown", (event) => event.key === "Escape" && open && turn(false, true));
  for (const event of ["resize", "scroll"]) window.visualViewport.addEventListener(event, () => frame && fit());
  for (const event of ["popstate", "hashchange"]) window.addEventListener(event, tellPage);
  window.navigation?.addEventListener("navigatesuccess", tellPage);

  name();
  document.documentElement.append(host);
  const idle = window.requestIdleCallback ?? ((call) => setTimeout(call, 200));
  if (document.readyState === "complete") idle(load);
  else window.addEventListener("load", () => idle(load), { once: true });
})();
