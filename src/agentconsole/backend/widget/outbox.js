/** The visitor's commands on their way to the server: kept in storage, sent one after the other, in order. */

const PATIENCE_MS = 20_000;

/**
 * Entries are {key, cid, command, of, at, status, code, text, pub, chat}. `of` is the fixed department of the page that
 * it was written on ("" = none). Status: "waiting" (to be sent), "sending" (no
 * answer yet), "sent" (acknowledged, shown until its event is here) or "refused" (its text is kept for the visitor).
 * Another window may send the same entry too: its cid makes that harmless.
 */
export class Outbox {
  /** `newId()` makes a fresh client id. */
  constructor(keep, newId) {
    this.keep = keep;
    this.newId = newId;
    this.pauseUntil = 0;
    this.count = 0;
    this.entries = keep.keys("out.").flatMap((key) => this.#stored(key));
  }

  #stored(key) {
    try {
      const { command, of = "", at, code = "", text = "" } = JSON.parse(this.keep.get(key));
      if (!command?.cid || !command.t) throw new SyntaxError(key);
      return [{ key, cid: command.cid, command, of, at, status: code ? "refused" : "waiting", code, text, pub: 0, chat: 0 }];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.keep.set(key, "");
      return [];
    }
  }

  #save({ key, command, of, at, code, text }) {
    this.keep.set(key, JSON.stringify({ command, of, at, code, text }));
  }

  /** Take in a command (without cid). A `say` with chat 0 belongs to the chat that the `start` of the same page before it opens. */
  add(command, now, of = "") {
    const cid = this.newId();
    this.count += 1;
    const key = `out.${String(now).padStart(14, "0")}.${String(this.count).padStart(5, "0")}.${cid}`;
    const entry = { key, cid, command: { ...command, cid }, of, at: now, status: "waiting", code: "", text: "", pub: 0, chat: 0 };
    this.entries.push(entry);
    this.#save(entry);
    return entry;
  }

  /** The next command to send, now marked as being sent; null while an answer is awaited or nothing may go. */
  next(now) {
    if (now < this.pauseUntil || this.entries.some(({ status }) => status === "sending")) return null;
    const entry = this.entries.find(({ status }) => status === "waiting");
    if (!entry || (entry.command.t === "say" && !entry.command.chat)) return null;
    Object.assign(entry, { status: "sending", sentAt: now });
    return entry.command;
  }

  /** Milliseconds until `next` is worth asking again; 0 = no pause. */
  pause(now) {
    return Math.max(0, this.pauseUntil - now);
  }

  /** Whether the server owes an answer for too long. */
  stuck(now) {
    return this.entries.some(({ status, sentAt }) => status === "sending" && now - sentAt > PATIENCE_MS);
  }

  /** The link went down: what had no answer is sent again. */
  lost() {
    this.pauseUntil = 0;
    for (const entry of this.entries) if (entry.status === "sending") entry.status = "waiting";
  }

  /** An acknowledgement. Returns its entry, or null when it is not one of ours. */
  acknowledged(frame) {
    const entry = this.#find(frame.cid);
    if (!entry) return null;
    Object.assign(entry, { status: "sent", code: "", pub: frame.pub ?? 0, chat: frame.chat ?? 0 });
    this.keep.set(entry.key, "");
    if (entry.command.t === "start") this.#belong(entry.of, frame.chat);
    if (!entry.pub) this.drop(entry);
    return entry;
  }

  #belong(of, chat) {
    for (const entry of this.entries) {
      if (entry.command.t === "say" && !entry.command.chat && entry.of === of) {
        entry.command.chat = chat;
        this.#save(entry);
      }
    }
  }

  /** A refusal. Returns its entry, now "refused", or "waiting" when it will be tried again; null when not ours. */
  refused(frame, now) {
    const entry = frame.cid ? this.#find(frame.cid) : this.entries.find(({ status }) => status === "sending");
    if (!entry || entry.status === "sent") return null;
    const retry = frame.retry_ms ?? 0;
    if (["slow_down", "busy"].includes(frame.code) && retry <= PATIENCE_MS) {
      entry.status = "waiting";
      this.pauseUntil = now + Math.max(retry, 500);
      return entry;
    }
    Object.assign(entry, { status: "refused", code: frame.code, text: frame.text });
    this.#save(entry);
    return entry;
  }

  /** Send a refused entry once more, as a new command. */
  again(entry, changes, now) {
    this.drop(entry);
    const { cid, ...command } = entry.command;
    return this.add({ ...command, ...changes }, now, entry.of);
  }

  /** Forget an entry. */
  drop(entry) {
    this.entries = this.entries.filter((other) => other !== entry);
    this.keep.set(entry.key, "");
  }

  /** Forget the acknowledged lines whose events are in the log: `pubOf(chat)` is the last event that we have. */
  tidy(pubOf) {
    this.entries = this.entries.filter(({ status, pub, chat }) => status !== "sent" || pubOf(chat) < pub);
  }

  /** A line of the visitor's came back before its acknowledgement: do not show it twice. */
  cameBack(chat, pub, text) {
    const entry = this.entries.find(({ status }) => status === "sending");
    if (entry && ["say", "start"].includes(entry.command.t) && entry.command.text === text) {
      Object.assign(entry, { pub, chat });
    }
  }

  /** Whether the entry was written where the page's fixed department is `of`; a page without one shows them all. */
  static shows(entry, of) {
    return of === "" || entry.of === of;
  }

  /** The start on a page `of` whose chat is not in the log yet; its `chat` is 0 before the acknowledgement. Or null. */
  start(of = "") {
    return this.entries.find((entry) => entry.command.t === "start" && Outbox.shows(entry, of)) ?? null;
  }

  /** Lines for `chat` (0: for the chat being started on a page `of`) that are not in its log yet, in order. */
  lines(chat, pub, of = "") {
    return this.entries.filter((entry) => {
      const { command, status, pub: mine, chat: where } = entry;
      if (!chat && !Outbox.shows(entry, of)) return false;
      if (mine && where === chat && mine <= pub) return false;
      if (command.t === "say") return command.chat === chat;
      const isStart = command.t === "start" && command.text !== "";
      return isStart && (status === "sent" || mine ? where === chat : chat === 0);
    });
  }

  #find(cid) {
    return this.entries.find((entry) => entry.cid === cid) ?? null;
  }
}
