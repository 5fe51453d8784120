/** The conversation on the page: draws rows, touching only those that changed. */

import { button, element, icon, setText, show } from "./dom.js";
import { folded, pieces, rows } from "./lines.js";

const NEAR_END = 80;

/** `actions` are called with an entry of the outbox: again, edit, discard, inNewChat. */
export class Log {
  constructor(words, actions) {
    this.words = words;
    this.actions = actions;
    this.drawn = new Map();
    this.chat = -1;
    this.unfolded = new Set();
    this.following = true;
    this.top = 0;
    this.list = element("div", { class: "lines" });
    this.box = element(
      "div",
      { class: "log", role: "log", tabindex: "0", "aria-label": words.say("log"), "aria-live": "polite", "aria-relevant": "additions" },
      this.list,
    );
    this.typing = element("p", { class: "typing", role: "status" });
    this.box.append(this.typing);
    this.toEnd = button(words.say("to_the_end"), { icon: "down", bare: true, class: "to-end", hidden: true, click: () => this.follow() });
    this.root = element("div", { class: "log-frame" }, this.box, this.toEnd);
    this.box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.following && this.#toEnd()).observe(this.box);
  }

  /** Whether the newest line is on screen. */
  get atEnd() {
    return this.following;
  }

  /** Go to the newest line and stay there. */
  follow() {
    this.following = true;
    this.#toEnd();
    show(this.toEnd, false);
  }

  /** Draw `chat` (or null) with the `pending` entries of the outbox; `typists` are the names of those who type now; `now` is the server's clock. */
  draw(chat, pending, typists, { now, ahead, over, settled }) {
    if ((chat?.id ?? 0) !== this.chat) this.#forget(chat?.id ?? 0);
    this.box.setAttribute("aria-busy", String(!settled));
    const wanted = rows(chat, pending, (at) => new Date(at).toDateString(), ahead);
    const kept = new Map(wanted.map((row) => [row.key, this.#drawing(row, now, over)]));
    const nodes = [...kept.values()].map(({ node }) => node);
    const staying = new Set(nodes);
    for (const node of [...this.list.children]) if (!staying.has(node)) node.remove();
    let at = this.list.firstChild;
    for (const node of nodes) {
      if (node === at) at = at.nextSibling;
      else this.list.insertBefore(node, at);
    }
    this.drawn = kept;
    this.#drawTyping(typists);
    if (this.following) this.#toEnd();
    else show(this.toEnd, true);
  }

  #forget(chat) {
    if (this.chat !== 0) this.drawn.clear();
    this.chat = chat;
    this.following = true;
  }

  #drawTyping(typists) {
    const [name] = typists;
    const several = typists.length > 1 ? this.words.say("typing_several", { names: this.words.list(typists) }) : "";
    const sentence = several || (name === undefined ? "" : this.words.say("typing", { name: name || this.words.say("agent") }));
    setText(this.typing, sentence);
    this.typing.classList.toggle("on", Boolean(sentence));
  }

  #drawing(row, now, over) {
    const unfolded = this.unfolded.has(row.key);
    const day = row.type === "day" ? this.words.day(row.at, now) : "";
    const signature = JSON.stringify([row, unfolded, day, row.entry ? over : false]);
    const before = this.drawn.get(row.key);
    if (before?.signature === signature) return before;
    const node = this.#make(row, { day, unfolded, over });
    return { signature, node: before ? changed(before.node, node) : node };
  }

  #make(row, { day, unfolded, over }) {
    if (row.type === "day") return element("div", { class: "day" }, element("span", {}, day));
    if (row.type === "notice") return element("p", { class: `notice ${row.kind}` }, this.#notice(row));
    return this.#line(row, unfolded, over);
  }

  #notice({ kind, name, mine, side, before, department, topic }) {
    const keys = [`notice_${kind}`];
    if (mine) keys.unshift(`notice_${kind}_mine`);
    if (side === "system") keys.unshift(`notice_${kind}_system`);
    if (topic) keys.unshift(`notice_${kind}_topic`);
    if (before) keys.unshift(`notice_${kind}_before`);
    if (!name) keys.unshift(`notice_${kind}_nameless`);
    if (department) keys.unshift(`notice_${kind}_department`);
    const key = keys.find((one) => this.words.has(one));
    return key ? this.words.say(key, { name: name || this.words.say("agent"), before, department, topic }) : kind;
  }

  #line(row, unfolded, over) {
    const { words } = this;
    const who = row.mine ? words.say("you") : row.name || words.say("agent");
    const classes = ["line", row.mine ? "mine" : "theirs", row.first && "first", row.last && "last", row.entry && "pending", row.mark];
    return element(
      "div",
      { class: classes.filter(Boolean).join(" "), "aria-live": row.mine ? "off" : null },
      row.first && !row.mine ? element("bdi", { class: "who" }, who) : element("span", { class: "unseen" }, `${who}: `),
      this.#bubble(row, unfolded),
      row.mark === "refused" ? this.#refusal(row.entry, over) : this.#meta(row),
    );
  }

  #bubble(row, unfolded) {
    const shown = unfolded ? row.text : folded(row.text);
    const parts = pieces(shown).map(({ text, url }) =>
      url ? element("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text) : text,
    );
    const text = element("p", { class: "text", dir: "auto", title: this.words.moment(row.at) }, parts);
    if (shown === row.text) return text;
    const more = button(this.words.say("show_all"), { class: "plain", click: () => this.#unfold(row, text) });
    return element("div", { class: "folded" }, text, more);
  }

  #unfold(row, text) {
    this.unfolded.add(row.key);
    text.parentNode.replaceWith(this.#bubble(row, true));
  }

  #meta(row) {
    if (!row.last && !row.mark) return null;
    const mark = row.mark && this.words.say(`mark_${row.mark}`);
    const time = element("time", { datetime: new Date(row.at).toISOString() }, this.words.time(row.at));
    return element("div", { class: "meta" }, time, mark ? element("span", { class: "mark" }, icon(markIcon(row.mark)), mark) : null);
  }

  #refusal(entry, over) {
    const { words, actions } = this;
    const choice = (key, click) => button(words.say(key), { class: "plain", click: () => click(entry) });
    const finished = over || ["closed", "gone", "unknown"].includes(entry.code);
    return element(
      "div",
      { class: "refusal", role: "alert" },
      element("p", {}, words.say(`refused_${entry.code}`)),
      finished ? choice("send_in_new_chat", actions.inNewChat) : choice("try_again", actions.again),
      finished ? null : choice("edit", actions.edit),
      choice("discard", actions.discard),
    );
  }

  /** Only who scrolls up stops following: a box that shrinks under its text does not. */
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.following = true;
    else if (scrollTop < this.top) this.following = false;
    this.top = scrollTop;
    if (this.following) {
      show(this.toEnd, false);
      this.actions.seen();
    }
  }

  #toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
  }
}

/** `node`, now like `wanted`; what is the same in both stays, so that screen readers do not read it again. */
function changed(node, wanted) {
  node.className = wanted.className;
  const parts = [...wanted.childNodes];
  parts.forEach((part, at) => {
    const old = node.childNodes[at];
    if (!old) node.append(part);
    else if (!old.isEqualNode(part)) old.replaceWith(part);
  });
  while (node.childNodes.length > parts.length) node.lastChild.remove();
  return node;
}

function markIcon(mark) {
  return { waiting: "clock", sending: "clock", sent: "check", delivered: "checks", read: "checks" }[mark];
}
