/** Where the visitor writes: grows with its text, counts near the limit, sends with Enter. */

import { button, element, setText, show } from "./dom.js";
import { lengthOf, tidied } from "./lines.js";

const MAX_TEXT = 4_000;
const COUNT_FROM = 3_600;

/** `actions`: say(text), type(text). */
export class Composer {
  constructor(words, actions) {
    this.words = words;
    this.actions = actions;
    this.typed = element("textarea", {
      id: "composer",
      rows: 1,
      dir: "auto",
      placeholder: words.say("write_line"),
      "aria-label": words.say("write_line"),
      "aria-describedby": "preview-notice count",
      enterkeyhint: "send",
      on: { input: () => this.#changed(), keydown: (event) => this.#key(event) },
    });
    this.button = button(words.say("send"), { icon: "send", bare: true, class: "send", click: () => this.#send() });
    this.count = element("p", { class: "count", id: "count", role: "status" });
    this.root = element(
      "div",
      { class: "composer" },
      element("div", { class: "write" }, this.typed, this.button),
      this.count,
      element("p", { class: "fine", id: "preview-notice" }, words.say("preview_notice")),
    );
  }

  /** The text in it; setting it is not typing. */
  get text() {
    return this.typed.value;
  }

  set text(value) {
    this.typed.value = value;
    this.#fit();
  }

  /** Put the cursor behind what is written. */
  focus() {
    this.typed.focus();
    this.typed.setSelectionRange(this.text.length, this.text.length);
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const text = tidied(this.text);
    if (text.trim() && lengthOf(text) <= MAX_TEXT) this.actions.say(text);
    this.typed.focus();
  }

  #changed() {
    this.#fit();
    this.actions.type(this.text);
  }

  #fit() {
    const length = this.text.length > COUNT_FROM ? lengthOf(tidied(this.text)) : 0;
    const left = MAX_TEXT - length;
    const key = left < 0 ? "too_many_characters" : "characters_left";
    setText(this.count, length > COUNT_FROM ? this.words.say(key, { n: this.words.numbers.format(Math.abs(left)) }) : "");
    show(this.count, length > COUNT_FROM);
    this.count.classList.toggle("error", left < 0);
    this.typed.setAttribute("aria-invalid", String(left < 0));
    this.button.disabled = left < 0 || !this.text.trim();
    this.typed.style.height = "auto";
    if (this.typed.scrollHeight) this.typed.style.height = `${this.typed.scrollHeight}px`;
  }
}
