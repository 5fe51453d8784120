/** The page around the chat: what its address asks for, and the talk with the launcher when it is framed. */

import { wellFormed } from "./lines.js";

const MAX_PAGE = 2048;
const THEMES = ["light", "dark"];

/** `onChange(what)` hears "open" (the window was opened or closed), "page" (the visitor went on) or "theme". `known`: which page it is has been told. */
export class Page {
  constructor(onChange) {
    const asked = new URLSearchParams(location.search);
    this.onChange = onChange;
    this.embedded = window.parent !== window;
    this.open = !this.embedded;
    this.focus = false;
    this.known = !this.embedded;
    this.department = asked.get("department") ?? decodeURIComponent(location.pathname.split("/")[2] ?? "");
    this.languages = [asked.get("lang"), ...navigator.languages].filter(Boolean);
    this.title = asked.get("title") ?? "";
    this.accent = asked.get("color") ?? "";
    this.wantedTheme = asked.get("theme") ?? "";
    this.here = this.embedded ? { page: "" } : { page: cut(location.href), page_title: cut(document.title) };
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", () => onChange("theme"));
    window.addEventListener("message", (event) => this.#hear(event));
  }

  /** "light" or "dark". */
  get theme() {
    if (THEMES.includes(this.wantedTheme)) return this.wantedTheme;
    return this.dark.matches ? "dark" : "light";
  }

  /** Whether somebody looks at the chat now. */
  get seen() {
    return this.open && document.visibilityState === "visible";
  }

  /** Tell the launcher something; it holds nothing that a foreign page may not know. */
  tell(kind, details = {}) {
    if (this.embedded) window.parent.postMessage({ agentconsole: kind, ...details }, "*");
  }

  #hear({ source, data }) {
    if (!this.embedded || source !== window.parent || typeof data !== "object" || data === null) return;
    if (data.agentconsole === "open") {
      this.open = data.open === true;
      this.focus = data.focus === true;
      this.onChange("open");
    } else if (data.agentconsole === "page") {
      this.known = true;
      this.here = { page: cut(data.url), page_title: cut(data.title) };
      this.onChange("page");
    }
  }
}

function cut(text) {
  return typeof text === "string" ? wellFormed(text, MAX_PAGE) : "";
}
