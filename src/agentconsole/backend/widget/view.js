/** The whole window: its head, and below it one of connecting, form, stored message and room. */

import { contrast, css, inkOn, parseColour, readableOn } from "./colour.js";
import { button, element, icon, setText, show } from "./dom.js";
import { Form } from "./form.js";
import { presence } from "./hours.js";
import { Room } from "./room.js";
import { openChats, phase } from "./state.js";

/** The ground of each theme on which text of the accent colour is hardest to read. */
const SURFACES = { light: [245, 247, 248], dark: [30, 37, 42] };
const ACCENT = [15, 110, 98];

/** `actions`: see Form and Room; also close() and choose(chat). `draft` is the form's kept values. */
export class View {
  constructor(root, words, page, actions, draft) {
    this.words = words;
    this.page = page;
    this.actions = actions;
    this.screen = "";
    this.focusWanted = false;
    this.form = new Form(words, actions, draft);
    this.room = new Room(words, actions);
    this.connecting = element("div", { class: "connecting", role: "status" }, element("span", { class: "spinner" }), element("p"));
    this.#buildStored();
    this.#buildHead();
    this.banner = element("p", { class: "banner", role: "status" });
    this.chats = element("nav", { class: "chats", "aria-label": words.say("other_chats"), hidden: true });
    this.screens = { connecting: this.connecting, form: this.form.root, message: this.form.root, stored: this.stored, room: this.room.root };
    const parts = new Set(Object.values(this.screens));
    for (const part of parts) show(part, false);
    root.replaceChildren(this.head, element("main", { class: "main-part" }, this.chats, this.banner, ...parts));
    document.documentElement.lang = words.tag;
    document.documentElement.dir = words.direction;
    document.documentElement.classList.toggle("embedded", page.embedded);
    document.addEventListener("keydown", (event) => this.#key(event));
    window.addEventListener("blur", () => (this.focusWanted = false));
    this.paint();
  }

  #buildHead() {
    const say = (key) => this.words.say(key);
    this.face = element("span", { class: "avatar", "aria-hidden": "true" });
    this.title = element("h1", { class: "title" });
    this.under = element("p", { class: "under" });
    this.save = button(say("transcript"), { icon: "save", bare: true, class: "tool", click: () => this.actions.transcript() });
    this.end = button(say("end_chat"), { icon: "leave", bare: true, class: "tool end", click: () => this.room.ask(!this.room.asked) });
    this.close = button(say("close_window"), { icon: "down", bare: true, class: "tool", click: () => this.actions.close() });
    show(this.close, this.page.embedded);
    this.head = element(
      "header",
      { class: "head" },
      this.face,
      element("div", { class: "names" }, this.title, this.under),
      this.save,
      this.end,
      this.close,
    );
  }

  #buildStored() {
    this.storedHelp = element("p");
    this.storedHours = element("p");
    this.storedNext = button(this.words.say("new_chat"), { class: "main", click: () => this.actions.newChat() });
    this.storedHeading = element("h2", { tabindex: "-1" }, this.words.say("message_stored"));
    this.stored = element(
      "div",
      { class: "stored", role: "status" },
      element("span", { class: "stored-mark" }, icon("check")),
      this.storedHeading,
      this.storedHelp,
      this.storedHours,
      this.storedNext,
    );
  }

  /** Put on the theme and the page's accent colour, kept readable. */
  paint() {
    const { theme } = this.page;
    const accent = readableOn([255, 255, 255], parseColour(this.page.accent) ?? ACCENT, 3);
    const surface = SURFACES[theme];
    const link = readableOn(surface, accent);
    const fill = theme === "dark" && contrast(accent, surface) < 2 ? readableOn(surface, accent, 2) : accent;
    const { dataset, style } = document.documentElement;
    dataset.theme = theme;
    style.setProperty("--accent", css(fill));
    style.setProperty("--on-accent", css(inkOn(fill)));
    style.setProperty("--accent-text", css(link));
  }

  /** Put the cursor where the visitor goes on; while nothing is there yet, as soon as it comes. */
  focus() {
    this.focusWanted = this.screen === "connecting";
    if (matchMedia("(pointer: coarse)").matches) {
      this.close.focus();
    } else if (this.screen === "room") {
      this.room.focus();
    } else if (this.screen === "stored") {
      this.storedHeading.focus();
    } else if (this.screen !== "connecting") {
      this.form.focus();
    }
  }

  /** Draw `model`, see App.model. */
  draw(model) {
    const moved = model.screen !== this.screen;
    const focused = document.activeElement;
    this.screen = model.screen;
    for (const part of new Set(Object.values(this.screens))) show(part, part === this.screens[model.screen]);
    this.#drawHead(model);
    this.#drawBanner(model);
    this.#drawChats(model);
    if (model.screen === "connecting") {
      const key = model.late ? "no_connection" : "connecting";
      setText(this.connecting.lastChild, this.words.say(model.crowded ? "too_many_windows" : key));
    } else if (model.screen === "room") {
      this.room.draw(model);
    } else if (model.screen === "stored") {
      this.#drawStored(model);
    } else {
      this.form.draw({ ...model, mode: model.screen === "message" ? "message" : "start" });
    }
    if (!this.page.open) return;
    if (document.hasFocus() ? moved || lostFrom(focused) : moved && this.focusWanted) this.focus();
  }

  #drawStored({ stored, departments, shut, clock }) {
    const { words } = this;
    const face = departments.find(({ id }) => id === stored.department);
    setText(this.storedHelp, words.say("message_stored_help", { email: stored.email }));
    setText(this.storedHours, face?.closed ? presence(words, face, clock) : "");
    setText(this.storedNext.lastChild, words.say(shut ? "another_message" : "new_chat"));
  }

  #drawHead({ screen, chat, departments, fixed }) {
    const { words } = this;
    const inRoom = screen === "room";
    const stage = inRoom && chat ? phase(chat) : "";
    const department = inRoom && chat ? departments.find(({ id }) => id === chat.card.department) : fixed;
    const agents = stage ? chat.card.agents : [];
    const agent = agents[0] ?? "";
    const name = (agents.length > 1 ? words.list(agents) : agent) || this.page.title || department?.name || words.say("chat");
    setText(this.title, name);
    setText(this.under, this.#under(stage, agent, department));
    show(this.under, this.under.textContent !== "");
    const initial = ([...agent.trim()][0] ?? "").toUpperCase();
    if (this.face.dataset.of !== initial) {
      this.face.dataset.of = initial;
      this.face.replaceChildren(initial || icon("chat"));
    }
    show(this.save, inRoom && Boolean(chat) && stage !== "over");
    show(this.end, stage === "waiting" || stage === "active");
  }

  #under(stage, agent, department) {
    const place = agent || this.page.title ? department?.name : "";
    if (stage === "waiting") return this.words.say("waiting");
    if (stage === "over") return this.words.say("over");
    return place ?? "";
  }

  /** Off screen rather than away while there is nothing to tell: a screen reader hears only what changes in what is there. */
  #drawBanner(model) {
    const key = model.screen === "connecting" ? "" : this.#trouble(model);
    setText(this.banner, key && this.words.say(key));
    this.banner.classList.toggle("unseen", !key);
    this.banner.classList.toggle("lost", model.everUp && !model.up);
  }

  #trouble({ up, everUp, kept, crowded, slow }) {
    if (everUp && !up) return crowded ? "too_many_windows" : "link_lost";
    if (slow) return "slow_down_notice";
    return kept ? "" : "not_kept";
  }

  #drawChats({ state, chat, screen, departments, fixed }) {
    const open = openChats(state, fixed?.id);
    const several = screen === "room" && open.length > 1;
    show(this.chats, several);
    if (!several) return;
    const wanted = JSON.stringify(open.map(({ id, card }) => [id, card.department, chat?.id === id]));
    if (wanted === this.chats.dataset.of) return;
    this.chats.dataset.of = wanted;
    this.chats.replaceChildren(
      ...open.map(({ id, card }) => {
        const name = departments.find((one) => one.id === card.department)?.name ?? `#${id}`;
        const current = chat?.id === id ? "true" : null;
        return button(name, { class: "chip", "aria-current": current, click: () => this.actions.choose(id) });
      }),
    );
  }

  #key(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    if (this.room.asked) this.room.ask(false);
    else this.actions.close();
  }
}

/** Whether the cursor stood on `before` and now stands on nothing that one sees. */
function lostFrom(before) {
  const now = document.activeElement;
  return before !== document.body && (now === document.body || !now.checkVisibility());
}
