/** The visitor's judgement after the chat: three faces and a comment. */

import { button, element, setText, show } from "./dom.js";
import { wellFormed } from "./lines.js";

const RATINGS = ["good", "fair", "bad"];
const MAX_COMMENT = 1_000;

/** `actions`: rate(rating, comment) with each choice, of which the last one counts; comment() while one is written. */
export class RatingPanel {
  constructor(words, actions) {
    this.words = words;
    this.actions = actions;
    this.rating = "";
    this.faces = RATINGS.map((name) =>
      button(words.say(`rate_${name}`), { icon: name, class: `face ${name}`, "aria-pressed": "false", click: () => this.#choose(name) }),
    );
    this.comment = element("textarea", { id: "comment", rows: 2, dir: "auto", maxlength: MAX_COMMENT, on: { input: () => actions.comment() } });
    this.submit = button(words.say("rate_send"), { class: "main", click: () => this.#comment() });
    this.more = element(
      "div",
      { class: "field", hidden: true },
      element("label", { for: "comment" }, words.say("rate_comment")),
      this.comment,
      this.submit,
    );
    this.thanks = element("p", { class: "thanks", role: "status" });
    this.root = element(
      "section",
      { class: "rating", "aria-labelledby": "rate-question" },
      element("h2", { id: "rate-question" }, words.say("rate_question")),
      element("div", { class: "faces" }, this.faces),
      this.thanks,
      this.more,
    );
  }

  /** Show what the chat's log says: `rated` is {rating, comment} or null. */
  draw(rated) {
    if (rated && !this.rating) this.rating = rated.rating;
    const commented = Boolean(rated?.comment) && ["", rated.comment].includes(this.#text);
    this.faces.forEach((face, at) => face.setAttribute("aria-pressed", String(RATINGS[at] === this.rating)));
    show(this.more, Boolean(this.rating) && !commented);
    setText(this.thanks, rated ? this.words.say(commented ? "rate_thanks_comment" : "rate_thanks") : "");
  }

  /** Another chat is shown. */
  reset() {
    this.rating = "";
    this.comment.value = "";
  }

  get #text() {
    return wellFormed(this.comment.value.trim(), MAX_COMMENT);
  }

  #choose(name) {
    this.rating = name;
    this.actions.rate(name, this.#text);
    this.draw(null);
    this.more.scrollIntoView({ block: "nearest" });
  }

  #comment() {
    if (this.#text) this.actions.rate(this.rating, this.#text);
  }
}
