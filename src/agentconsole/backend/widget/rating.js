/** The visitor's judgement after the chat: three faces and a comment. */

import { button, element, setText, show } from "./dom.js";
import { wellFormed } from "./lines.js";

const RATINGS = ["good", "fair", "bad"];
const MAX_COMMENT = 1_000;

/** `rate(rating, comment)` is called with each choice; the last one counts. */
export class RatingPanel {
  constructor(words, rate) {
    this.words = words;
    this.rate = rate;
    this.rating = "";
    this.faces = RATINGS.map((name) =>
      button(words.say(`rate_${name}`), { icon: name, class: `face ${name}`, "aria-pressed": "false", click: () => this.#choose(name) }),
    );
    this.comment = element("textarea", { id: "comment", rows: 2, dir: "auto", maxlength: MAX_COMMENT });
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
    const commented = Boolean(rated?.comment);
    this.faces.forEach((face, at) => face.setAttribute("aria-pressed", String(RATINGS[at] === this.rating)));
    show(this.more, Boolean(this.rating) && !commented);
    setText(this.thanks, rated ? this.words.say(commented ? "rate_thanks_comment" : "rate_thanks") : "");
  }

  /** Another chat is shown. */
  reset() {
    this.rating = "";
    this.comment.value = "";
  }

  #choose(name) {
    this.rating = name;
    this.rate(name, wellFormed(this.comment.value.trim(), MAX_COMMENT));
    this.draw(null);
  }

  #comment() {
    if (this.comment.value.trim()) this.rate(this.rating, wellFormed(this.comment.value.trim(), MAX_COMMENT));
  }
}
