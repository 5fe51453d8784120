/** What the visitor has entered and not sent, kept for the next page: the form's values and a line for each chat. */

/** `of` is the fixed department of a page, "" = none: each of a site's launchers has a form of its own. */
export class Drafts {
  constructor(keep, of) {
    this.keep = keep;
    this.of = of;
  }

  /** A key of what each launcher keeps for itself. */
  own(key, of = this.of) {
    return of ? `${key}.of.${of}` : key;
  }

  /** The form's values; {} when there are none. */
  form(of = this.of) {
    try {
      return JSON.parse(this.keep.get(this.own("form", of)) || "{}");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return {};
    }
  }

  keepForm(values, of = this.of) {
    this.keep.set(this.own("form", of), JSON.stringify(values));
  }

  /** The line that stands in the composer of a chat; 0 = of the one that is being started here. */
  line(chat) {
    return this.keep.get(this.#lineKey(chat));
  }

  keepLine(chat, text) {
    this.keep.set(this.#lineKey(chat), text);
  }

  /** The chat that was being started has begun as `chat`: its line goes with it. */
  carry(chat) {
    const line = this.line(0);
    if (line) this.keepLine(chat, line);
    this.keepLine(0, "");
  }

  #lineKey(chat) {
    return chat ? `draft.${chat}` : this.own("draft.0");
  }
}
