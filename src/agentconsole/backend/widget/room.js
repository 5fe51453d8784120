/** A chat on the page: how it stands, its log, the composer, and what comes after. */

import { Composer } from "./composer.js";
import { button, element, setText, show } from "./dom.js";
import { presence, warning } from "./hours.js";
import { Log } from "./log.js";
import { RatingPanel } from "./rating.js";
import { lastRating, mayRate, phase, queueOf, waitsLong, whoTypes } from "./state.js";

/** `actions`: those of Log and Composer, and rate, comment, leave, toMessage, newChat, transcript. */
export class Room {
  constructor(words, actions) {
    this.words = words;
    this.actions = actions;
    this.chat = -1;
    this.log = new Log(words, actions);
    this.composer = new Composer(words, actions);
    this.rating = new RatingPanel(words, actions);
    this.#buildStrips();
    this.root = element(
      "div",
      { class: "room" },
      this.queue,
      this.asking,
      this.log.root,
      this.notice,
      this.ended,
      this.composer.root,
      this.over,
    );
  }

  #buildStrips() {
    const say = (key) => this.words.say(key);
    const { actions } = this;
    this.place = element("p", { class: "place" });
    this.wait = element("p", { class: "wait" });
    this.toMessage = button(say("send_as_message"), { icon: "mail", class: "as-message", click: () => actions.toMessage() });
    this.queue = element(
      "section",
      { class: "queue unseen" },
      element("span", { class: "pulse", "aria-hidden": "true" }),
      element("div", { class: "queue-text", role: "status" }, this.place, this.wait),
      this.toMessage,
    );
    this.stay = button(say("go_on"), { class: "plain", click: () => this.ask(false) });
    this.asking = element(
      "section",
      { class: "asking", role: "alertdialog", "aria-labelledby": "end-question", hidden: true },
      element("p", { id: "end-question" }, say("end_chat_question")),
      button(say("end_chat"), { class: "danger", click: () => this.#leave() }),
      this.stay,
    );
    this.notice = element("p", { class: "callout warning", role: "alert", hidden: true });
    this.ended = element("p", { class: "callout", role: "status" }, say("ended_help"));
    this.overText = element("p", { class: "over-text", role: "status" });
    this.again = button(say("new_chat"), { class: "main", click: () => actions.newChat() });
    this.save = button(say("transcript"), { icon: "save", class: "plain", click: () => actions.transcript() });
    this.over = element(
      "section",
      { class: "over" },
      this.overText,
      this.rating.root,
      element("div", { class: "after" }, this.again, this.save),
    );
  }

  /** Ask whether to end the chat, or take the question back. */
  ask(open) {
    show(this.asking, open);
    if (open) this.stay.focus();
    else if (!this.composer.root.hidden) this.composer.focus();
  }

  /** Whether the question stands. */
  get asked() {
    return !this.asking.hidden;
  }

  #leave() {
    show(this.asking, false);
    this.actions.leave();
  }

  /** Put the cursor where one goes on. */
  focus() {
    if (!this.composer.root.hidden) this.composer.focus();
    else this.log.box.focus();
  }

  /** Draw `chat`, or null while it is only on its way. `draft` is the composer's text when the chat changes. */
  draw({ chat, pending, draft, notice, settled, now, clock, state, shut }) {
    const stage = chat ? phase(chat) : "waiting";
    const id = chat?.id ?? 0;
    if (id !== this.chat) this.#enter(id, draft);
    const over = stage === "over";
    show(this.composer.root, !over);
    show(this.over, over);
    show(this.ended, stage === "ended");
    if (over || stage === "ended") show(this.asking, false);
    setText(this.notice, notice);
    show(this.notice, Boolean(notice));
    const face = chat ? queueOf(state, chat) : null;
    this.#drawQueue(chat, stage, { face, clock, long: Boolean(chat) && waitsLong(state, chat, now) });
    if (over) this.#drawOver(chat, shut);
    this.log.draw(chat, pending, chat ? whoTypes(chat, now) : [], { now: clock, ahead: state.ahead, over, settled });
  }

  #enter(id, draft) {
    const wasStarting = this.chat === 0;
    this.chat = id;
    this.rating.reset();
    if (!wasStarting) this.composer.text = draft;
  }

  /** Off screen rather than away while nobody waits: a screen reader tells what changes only in what is there. */
  #drawQueue(chat, stage, { face, clock, long }) {
    const { words } = this;
    const waits = stage === "waiting";
    this.queue.classList.toggle("unseen", !waits);
    show(this.toMessage, waits && Boolean(chat));
    if (!waits) {
      setText(this.place, "");
      setText(this.wait, "");
      return;
    }
    const { place = 0, wait_s: wait = -1 } = chat?.card ?? {};
    const line = place ? words.say("place", { n: words.numbers.format(place) }) : words.say("waiting");
    setText(this.place, face?.closed ? presence(words, face, clock) : line);
    const help = wait >= 0 ? words.say("estimated_wait", { time: words.wait(wait) }) : words.say("waiting_help");
    const urge = warning(words, face, long);
    const ends = face?.closes_at ? words.say("waiting_until", { time: words.time(face.closes_at) }) : "";
    setText(this.wait, [urge || help, ends].filter(Boolean).join(" "));
    this.toMessage.classList.toggle("urged", Boolean(urge));
  }

  #drawOver(chat, shut) {
    const { words } = this;
    const stored = chat.card.state === "left_message";
    this.overText.classList.toggle("unseen", !stored);
    setText(this.overText, stored ? `${words.say("message_stored")}. ${words.say("message_stored_help_plain")}` : words.say("over"));
    setText(this.again.lastChild, words.say(shut ? (stored ? "another_message" : "leave_message") : "new_chat"));
    const rateable = mayRate(chat);
    show(this.rating.root, rateable);
    if (rateable) this.rating.draw(lastRating(chat));
  }
}
