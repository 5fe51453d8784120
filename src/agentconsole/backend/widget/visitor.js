/** The visitor's window put together: what is kept, the link, the state and the view. */

import { Drafts } from "./drafts.js";
import { refuseFiles } from "./files.js";
import { Keep } from "./keep.js";
import { Link } from "./link.js";
import { Marks } from "./marks.js";
import { Outbox } from "./outbox.js";
import { Page } from "./page.js";
import { Preview } from "./preview.js";
import { apply, chatToShow, chatsOf, cursors, isOpen, isPast, linkLost, newState, openChats, phase, queueOf, unread } from "./state.js";
import { saveTranscript } from "./transcript.js";
import { wordsAtLast } from "./words.js";
import { View } from "./view.js";
import { Windows } from "./windows.js";

const TICK_MS = 1_000;
const LATE_MS = 8_000;
const MAX_GAPS = 2;
/** How long the launcher may take to name the page, before the server is asked without knowing it. */
const PAGE_MS = 1_000;

/** `length` random bytes as base64url without padding. */
function randomText(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

class App {
  constructor(page, words) {
    this.page = page;
    this.words = words;
    this.keep = new Keep("localStorage");
    this.drafts = new Drafts(this.keep, page.department);
    this.tab = new Keep("sessionStorage");
    this.state = newState();
    this.outbox = new Outbox(this.keep, () => randomText(16));
    this.preview = new Preview((frame) => this.link.send(frame));
    this.marks = new Marks(this.keep, (frame) => this.link.send(frame));
    this.link = new Link({
      url: new URL("/ws/visitor", location.href.replace(/^http/, "ws")).href,
      hello: () => this.#hello(),
      onFrame: (frame) => this.#frame(frame),
      onChange: (up) => this.#linkChanged(up),
      onExpired: () => this.#expired(),
    });
    this.windows = new Windows(this.keep, randomText(8), {
      spare: () => this.#spare(),
      rest: () => this.link.rest(),
      enter: () => this.link.roomAgain(),
    });
    this.chosen = 0;
    this.fresh = false;
    this.screen = "";
    this.converting = 0;
    this.stored = null;
    this.warned = new Set();
    this.notice = "";
    this.slow = false;
    this.everUp = false;
    this.everSynced = false;
    this.gaps = 0;
    this.drawing = 0;
    this.startedAt = Date.now();
    this.view = new View(document.getElementById("window"), words, page, this.#actions(), this.drafts.form());
    this.keep.watch((key, value) => this.#changedElsewhere(key, value));
    document.addEventListener("visibilitychange", () => this.redraw());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.#recall());
    refuseFiles(() => this.#tell("no_files"));
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** Begin: connect if somebody looks or a chat may be going on, and tell the launcher how we were left. */
  begin() {
    const openKey = this.drafts.own("open");
    const open = this.page.open || (this.tab.get(openKey) || this.keep.get(openKey)) === "yes";
    const { title } = this.page;
    const labels = { open: title || this.words.say("open_chat"), close: this.words.say("close_window"), unread: this.words.say("new_messages_badge") };
    this.page.tell("ready", { open, labels });
    if (open || this.keep.get("known") || this.outbox.entries.length) this.#connect();
    this.redraw();
  }

  /** Connect, once it is known on which page we are: it may lead to a department. */
  #connect() {
    this.connectWanted = true;
    if (this.page.known) this.link.start();
    else setTimeout(() => this.link.start(), PAGE_MS);
  }

  /** The page around us changed: "open", "page" or "theme". */
  pageChanged(what) {
    if (what === "theme") this.view.paint();
    if (what === "page") {
      if (this.connectWanted) this.link.start();
      this.#browse();
    }
    if (what !== "open") return;
    for (const keep of [this.tab, this.keep]) keep.set(this.drafts.own("open"), this.page.open ? "yes" : "no");
    if (this.page.open) {
      this.#connect();
      this.#draw();
      if (this.page.focus) this.view.focus();
    }
  }

  // --- what is kept ---

  get token() {
    if (!this.keep.get("token")) this.keep.set("token", randomText(32));
    return this.keep.get("token");
  }

  #hello() {
    const { language } = this.words;
    this.tokenSaid = this.token;
    this.pageSaid = this.page.here;
    return { t: "hello", token: this.tokenSaid, cursors: cursors(this.state), language, ...this.page.here };
  }

  /** Tell which page the visitor is on, unless that was said; the launcher may name it only after hello. */
  #browse() {
    const { here } = this.page;
    if (here !== this.pageSaid && this.link.send({ t: "browse", ...here })) this.pageSaid = here;
  }

  /** Put texts back to where the visitor can send them again: behind what stands in the form already. */
  #backToForm(texts, of = this.page.department) {
    const { form } = this.view;
    const ours = of === this.page.department;
    const before = ours ? form.draft : this.drafts.form(of);
    const text = [before.text ?? "", ...texts].filter((one) => one.trim()).join("\n");
    if (ours) form.values = { text };
    this.drafts.keepForm({ ...before, text }, of);
  }

  /** The browser has kept this page while the visitor went on writing on another one: that text counts. */
  #recall() {
    this.view.form.values = { text: "", ...this.drafts.form() };
    this.view.room.composer.text = this.drafts.line(this.#chat()?.id);
    this.redraw();
  }

  #changedElsewhere(key, value) {
    if (key === "token" && value && value !== this.tokenSaid && !this.keep.get("known")) this.link.restart();
    if (key.startsWith("read.")) this.redraw();
    this.windows.hear(key, value);
  }

  /** Whether another window may have our link: nobody looks here, and nothing is on its way. */
  #spare() {
    return this.link.up && document.visibilityState === "hidden" && !this.outbox.entries.length;
  }

  // --- the link ---

  #linkChanged(up) {
    if (up) {
      this.everUp = true;
      this.#browse();
    } else {
      linkLost(this.state);
      this.outbox.lost();
      this.marks.lost();
      this.slow = false;
      if (this.link.crowded) this.#crowded();
      else this.windows.left();
    }
    this.redraw();
  }

  #crowded() {
    if (document.visibilityState === "visible") this.windows.ask();
  }

  #expired() {
    const unsent = this.outbox.entries.filter(({ status }) => status !== "sent");
    for (const entry of [...this.outbox.entries]) this.outbox.drop(entry);
    for (const { of, command } of unsent) this.#backToForm([command.text ?? ""], of);
    this.#backToForm([this.view.room.composer.text]);
    if (this.tokenSaid === this.token) this.keep.set("token", "");
    this.keep.set("known", "");
    this.state = { ...newState(), departments: this.state.departments, welcomed: this.state.welcomed };
    this.notice = this.everSynced || unsent.length ? this.words.say("refused_expired") : "";
    this.redraw();
  }

  #frame(frame) {
    if (frame.t === "ack") this.#acknowledged(frame);
    else if (frame.t === "refused") this.#refused(frame);
    else this.#apply(frame);
    this.#flush();
    this.#mark();
    this.redraw();
  }

  #apply(frame) {
    if (apply(this.state, frame, Date.now()) === "gap") {
      this.gaps += 1;
      if (this.gaps > MAX_GAPS) this.state.chats.delete(frame.chat);
      this.link.restart();
      return;
    }
    if (frame.t === "chat") this.keep.set("known", "yes");
    if (frame.t === "event" && frame.by.side === "visitor" && frame.what.kind === "said") {
      this.outbox.cameBack(frame.chat, frame.pub, frame.what.text);
    }
    if (frame.t === "synced") this.#synced();
  }

  #synced() {
    this.gaps = 0;
    if (this.everSynced) return;
    this.everSynced = true;
    const chat = chatToShow(this.state, this.chosen, this.#fixed()?.id);
    if (chat && isPast(this.state, chat)) this.fresh = true;
  }

  #acknowledged(frame) {
    const entry = this.outbox.acknowledged(frame);
    this.slow = false;
    if (!entry) return;
    const { t } = entry.command;
    if (!this.#mine(entry)) return;
    if (t === "start") {
      this.chosen = frame.chat;
      this.keep.set("known", "yes");
      this.drafts.carry(frame.chat);
    }
    if (t === "leave_message") {
      this.screen = "stored";
      this.stored = entry.command;
    }
  }

  #refused(frame) {
    const entry = this.outbox.refused(frame, Date.now());
    if (!entry) return;
    this.slow = entry.status === "waiting";
    if (this.slow || entry.command.t === "say") return;
    if (!this.#mine(entry)) {
      this.#backToForm([entry.command.text ?? ""], entry.of);
      this.outbox.drop(entry);
      return;
    }
    this.notice = this.words.say(`refused_${frame.code}`);
    if (entry.command.t === "start") this.#startRefused(frame.code);
    if (entry.command.t === "leave_message") {
      this.screen = "message";
      this.converting = entry.command.chat;
      this.#backToForm([entry.command.text]);
    }
    this.outbox.drop(entry);
  }

  #startRefused(code) {
    const lines = this.outbox.lines(0, 0, this.page.department);
    for (const line of lines) this.outbox.drop(line);
    this.#backToForm([...lines.map(({ command }) => command.text), this.view.room.composer.text]);
    this.drafts.keepLine(0, "");
    this.view.room.composer.text = "";
    this.screen = ["full", "unavailable"].includes(code) ? "message" : "";
    this.converting = 0;
    this.fresh = true;
  }

  #flush() {
    if (!this.link.up || !this.state.synced) return;
    const command = this.outbox.next(Date.now());
    if (command) this.link.send(command);
  }

  /** What is on screen counts as read. */
  #mark() {
    const chat = this.#chat();
    if (!chat || !this.page.seen || this.#screen() !== "room") return;
    this.warned.add(chat.id);
    if (this.view.room.log.atEnd) this.marks.seen(chat);
  }

  #tick() {
    const now = Date.now();
    if (this.outbox.stuck(now)) this.link.restart();
    this.#flush();
    this.#mark();
    if (this.state.synced) this.marks.tell(openChats(this.state));
    const chat = this.#chat();
    const { screen } = this.view;
    const dated = screen !== "room" && this.page.open && this.state.departments.some(({ closed }) => closed);
    if (screen === "connecting" || chat?.typists.size || chat?.card.state === "waiting" || dated) this.redraw();
  }

  // --- what the visitor does ---

  #actions() {
    return {
      draft: (values) => this.#drafted(values),
      start: (values) => this.#start(values),
      leaveMessage: (values) => this.#leaveMessage(values),
      toMessage: () => this.#toMessage(),
      back: () => this.#back(),
      say: (text) => this.#say(text),
      type: (text) => this.#type(text),
      comment: () => this.#stay(),
      rate: (rating, comment) => this.#send({ t: "rate", chat: this.#chat().id, rating, comment }),
      leave: () => this.#leave(),
      newChat: () => this.#newChat(),
      choose: (chat) => this.#choose(chat),
      transcript: () => this.#transcript(),
      close: () => this.page.tell("close"),
      seen: () => this.#mark(),
      again: (entry) => this.#again(entry),
      edit: (entry) => this.#edit(entry),
      discard: (entry) => this.#forget(entry),
      inNewChat: (entry) => this.#inNewChat(entry),
    };
  }

  /** Who is filling in the form stays there, even if a chat begins in another window. */
  #drafted(values) {
    if (this.#screen() === "form") this.fresh = true;
    this.drafts.keepForm(values);
    this.#draw();
  }

  #send(command) {
    this.outbox.add(command, Date.now(), this.page.department);
    this.#flush();
    this.#draw();
  }

  #go(screen, converting = 0) {
    this.screen = screen;
    this.converting = converting;
    this.notice = "";
    this.#draw();
  }

  /** Write a message instead: what stands in the waiting chat's composer comes along. */
  #toMessage() {
    const chat = this.#chat();
    const waits = isOpen(chat);
    if (waits) {
      this.chosen = chat.id;
      this.#backToForm([this.view.room.composer.text]);
      this.#write(chat.id, "");
    }
    this.fresh = !waits;
    this.#go("message", waits ? chat.id : 0);
  }

  /** Back to the chat, with what was written for the message. */
  #back() {
    if (this.converting) {
      this.#write(this.converting, this.view.form.draft.text);
      this.view.form.values = { text: "" };
      this.drafts.keepForm(this.view.form.draft);
    }
    this.#go("");
  }

  #write(chat, text) {
    this.preview.clear();
    this.view.room.composer.text = text;
    this.drafts.keepLine(chat, text);
  }

  #start({ name, email, text, topic, department }) {
    const id = this.#fixed()?.id ?? Number(department);
    this.notice = "";
    this.fresh = false;
    this.chosen = 0;
    this.view.form.values = { text: "" };
    this.drafts.keepForm(this.view.form.draft);
    this.#send({ t: "start", department: id, text, name, email, topic });
  }

  #leaveMessage({ name, email, text, topic, department }) {
    const chat = this.state.chats.get(this.converting);
    const waiting = isOpen(chat) ? chat : null;
    const id = waiting?.card.department ?? this.#fixed()?.id ?? (Number(department) || this.state.departments[0]?.id);
    if (!id) return;
    this.notice = "";
    this.view.form.values = { text: "" };
    this.drafts.keepForm(this.view.form.draft);
    const of = waiting ? { chat: waiting.id, topic: "" } : { chat: 0, topic };
    this.#send({ t: "leave_message", department: id, text, email, name, ...of });
  }

  #say(text) {
    // The server acknowledges a start before it tells of the chat.
    const chat = this.#chat()?.id ?? this.outbox.start(this.page.department)?.chat ?? 0;
    this.view.room.composer.text = "";
    this.drafts.keepLine(chat, "");
    this.notice = "";
    this.preview.clear();
    this.view.room.log.follow();
    this.#send({ t: "say", chat, text });
  }

  #type(text) {
    const chat = this.#chat();
    this.drafts.keepLine(chat?.id, text);
    if (this.notice) this.#tell("");
    this.#stay();
    if (chat && isOpen(chat)) this.preview.note(chat.id, text);
  }

  /** Who writes in a chat stays in it, even if another one begins in another window. */
  #stay() {
    this.chosen = this.#chat()?.id ?? 0;
  }

  #leave() {
    this.preview.clear();
    this.notice = "";
    this.#send({ t: "leave", chat: this.#chat().id });
  }

  #newChat() {
    const chat = this.#chat();
    const draft = chat ? this.drafts.line(chat.id) : "";
    if (draft) {
      this.#backToForm([draft]);
      this.drafts.keepLine(chat.id, "");
    }
    this.fresh = true;
    this.chosen = 0;
    this.#go("");
  }

  #choose(chat) {
    this.preview.clear();
    this.chosen = chat;
    this.#go("");
  }

  #again(entry) {
    this.outbox.again(entry, {}, Date.now());
    this.#flush();
    this.#draw();
  }

  #edit(entry) {
    const { composer } = this.view.room;
    composer.text = [composer.text, entry.command.text].filter(Boolean).join("\n");
    this.drafts.keepLine(this.#chat()?.id, composer.text);
    this.#forget(entry);
    composer.focus();
  }

  #forget(entry) {
    this.outbox.drop(entry);
    this.#draw();
  }

  #inNewChat(entry) {
    this.#backToForm([entry.command.text]);
    this.outbox.drop(entry);
    this.#newChat();
  }

  async #transcript() {
    const { id } = this.#chat();
    try {
      await saveTranscript(id, this.token);
      this.#tell("");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.#tell("transcript_failed");
    }
  }

  #tell(key) {
    this.notice = key && this.words.say(key);
    this.redraw();
  }

  // --- what is shown ---

  #fixed() {
    return this.state.departments.find(({ slug }) => slug === this.page.department) ?? null;
  }

  #chat() {
    return this.fresh ? null : chatToShow(this.state, this.chosen, this.#fixed()?.id);
  }

  /** Whether this window shows what becomes of an entry of the outbox. */
  #mine(entry) {
    return Outbox.shows(entry, this.page.department);
  }

  /** The left message that is on its way or stored, but not forgotten yet; or undefined. */
  #letter() {
    return this.outbox.entries.find((entry) => entry.command.t === "leave_message" && this.#mine(entry));
  }

  /** The waiting chat that is becoming a message, and who answers it by now; or null. */
  #from() {
    const chat = this.state.chats.get(this.converting);
    if (this.screen !== "message" || !isOpen(chat)) return null;
    const answered = phase(chat) !== "waiting";
    return { face: queueOf(this.state, chat), agent: answered ? chat.card.agents[0] || this.words.say("agent") : "" };
  }

  /** Whether nobody can be talked to before the hours begin. */
  #shut() {
    const fixed = this.#fixed();
    const { departments } = this.state;
    return departments.length > 0 && (fixed ? [fixed] : departments).every(({ closed }) => closed);
  }

  #screen() {
    const letter = this.#letter();
    if (letter && letter.status !== "sent") return "message";
    if (this.screen === "message" && this.converting && !this.#from()) return "room";
    if (this.screen) return this.screen;
    if (this.outbox.start(this.page.department)) return "room";
    if (!this.everSynced) return "connecting";
    return this.#chat() ? "room" : "form";
  }

  /** Everything that the view draws from. */
  model() {
    const now = Date.now();
    const screen = this.#screen();
    const of = this.page.department;
    const start = this.outbox.start(of);
    const chat = start && !isOpen(this.#chat()) ? null : this.#chat();
    const starting = start || !chat ? this.outbox.lines((!chat && start?.chat) || 0, 0, of) : [];
    return {
      screen,
      chat,
      pending: chat ? [...this.outbox.lines(chat.id, chat.pub), ...starting] : starting,
      draft: this.drafts.line(chat?.id),
      departments: this.state.departments,
      fixed: this.#fixed(),
      state: this.state,
      from: this.#from(),
      shut: this.#shut(),
      sending: Boolean(this.#letter()),
      lead: this.state.lead,
      notice: this.notice,
      stored: this.stored,
      up: this.link.up,
      everUp: this.everUp,
      kept: this.keep.lasting,
      crowded: this.link.crowded,
      slow: this.slow,
      late: now - this.startedAt > LATE_MS,
      settled: this.everSynced,
      now,
      clock: now + this.state.ahead,
    };
  }

  /** Draw soon; many changes make one drawing. */
  redraw() {
    if (!this.drawing) this.drawing = setTimeout(() => this.#draw(), 0);
  }

  #draw() {
    clearTimeout(this.drawing);
    this.drawing = 0;
    this.outbox.tidy((chat) => this.state.chats.get(chat)?.pub ?? 0);
    this.view.draw(this.model());
    this.#mark();
    this.#tellUnread();
  }

  /** How much the visitor has not seen of a chat: lines, and that its hours ended while it waits. */
  #unread(chat) {
    const ended = phase(chat) === "waiting" && Boolean(queueOf(this.state, chat)?.closed);
    if (!ended) this.warned.delete(chat.id);
    return unread(chat, this.marks.of(chat)) + (ended && !this.warned.has(chat.id) ? 1 : 0);
  }

  #tellUnread() {
    const count = chatsOf(this.state, this.#fixed()?.id).reduce((sum, chat) => sum + this.#unread(chat), 0);
    if (count === this.unread) return;
    this.unread = count;
    this.page.tell("unread", { count });
    const name = this.page.title || this.words.say("chat");
    if (!this.page.embedded) document.title = count ? `(${count}) ${name}` : name;
  }
}

let app = null;
const page = new Page((what) => app?.pageChanged(what));
app = new App(page, await wordsAtLast(page.languages));
app.begin();
