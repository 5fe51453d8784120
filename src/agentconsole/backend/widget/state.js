/** What the visitor's window knows of its chats: frames go in, facts come out; no network, no DOM, no clock. */

const OPEN = new Set(["waiting", "offered", "active", "wrapup"]);
const TYPING_MS = 10_000;
const STALE_MS = 10 * 60_000;
const STOPS_TYPING = new Set(["said", "parted"]);
const STOPS_ALL = new Set(["requeued", "ended", "promised", "visitor_left", "finished"]);

const CARD = { agents: [], place: 0, wait_s: -1, delivered: 0, read: 0, rating: null, topic: "" };
const DEPARTMENT = { welcome: "", topics: [], patience_s: 1_800, closed: false, opens_at: 0, closes_at: 0 };

/** Nothing known yet. `chats` maps a chat's id to {card, events, pub, fresh, typists}; `typists` maps names to times. */
export function newState() {
  return { run: "", now: 0, ahead: 0, departments: [], lead: 0, chats: new Map(), synced: false, welcomed: false };
}

/**
 * Take one frame of the server into `state`. `now` is this machine's clock in milliseconds.
 * Returns "gap" when events are missing, so that the link must be made anew with `cursors(state)`; else "".
 */
export function apply(state, frame, now) {
  const handler = handlers[frame.t];
  return (handler && handler(state, frame, now)) || "";
}

const handlers = {
  welcome(state, frame, now) {
    state.run = frame.run;
    state.now = frame.now;
    state.ahead = frame.now - now;
    state.departments = frame.departments.map((one) => ({ ...DEPARTMENT, ...one }));
    state.lead = frame.lead ?? 0;
    state.synced = false;
    state.welcomed = true;
    for (const chat of state.chats.values()) chat.fresh = false;
  },

  departments(state, frame) {
    state.departments = frame.departments.map((one) => ({ ...DEPARTMENT, ...one }));
  },

  chat(state, frame) {
    const chat = chatOf(state, frame.chat);
    chat.fresh = true;
    if (chat.card && frame.version < chat.card.version) return;
    chat.card = { ...CARD, ...frame };
  },

  resume(state, frame) {
    const chat = chatOf(state, frame.chat);
    if (frame.reset) {
      chat.events = [];
      chat.pub = frame.after;
    }
    return frame.after > chat.pub ? "gap" : "";
  },

  event(state, frame) {
    const chat = chatOf(state, frame.chat);
    if (frame.pub <= chat.pub) return "";
    if (frame.pub > chat.pub + 1) return "gap";
    chat.events.push({ pub: frame.pub, at: frame.at, by: { name: "", ...frame.by }, what: frame.what });
    chat.pub = frame.pub;
    if (STOPS_TYPING.has(frame.what.kind)) chat.typists.delete(frame.by.name ?? "");
    if (STOPS_ALL.has(frame.what.kind)) chat.typists.clear();
    return "";
  },

  marks(state, frame) {
    const card = state.chats.get(frame.chat)?.card;
    if (!card) return;
    card.delivered = Math.max(card.delivered, frame.delivered);
    card.read = Math.max(card.read, frame.read);
  },

  place(state, frame) {
    const card = state.chats.get(frame.chat)?.card;
    if (card) Object.assign(card, { place: frame.place, wait_s: frame.wait_s ?? -1 });
  },

  agent_typing(state, frame, now) {
    const chat = chatOf(state, frame.chat);
    if (frame.on) chat.typists.set(frame.name, now);
    else chat.typists.delete(frame.name);
  },

  synced(state) {
    state.synced = true;
    for (const chat of state.chats.values()) {
      if (!chat.fresh && chat.card && isOpen(chat)) chat.card = { ...chat.card, state: "closed" };
    }
  },
};

function chatOf(state, id) {
  if (!state.chats.has(id)) {
    state.chats.set(id, { id, card: null, events: [], pub: 0, fresh: true, typists: new Map() });
  }
  return state.chats.get(id);
}

/** The link went down: what only a live link can tell is no longer so. */
export function linkLost(state) {
  state.synced = false;
  for (const chat of state.chats.values()) chat.typists.clear();
}

/** What hello says we have already: [{chat, pub}], the newest 16 chats. */
export function cursors(state) {
  return [...state.chats.values()].slice(-16).map((chat) => ({ chat: chat.id, pub: chat.pub }));
}

/** Whether the chat goes on: it waits, is answered, or may still be reopened. */
export function isOpen(chat) {
  return Boolean(chat?.card) && OPEN.has(chat.card.state);
}

/** The chats that a page with this fixed `department` shows; undefined = those of all departments. */
export function chatsOf(state, department) {
  return [...state.chats.values()].filter(({ card }) => card && (department === undefined || card.department === department));
}

/** Those of them that are open, oldest first. */
export function openChats(state, department) {
  return chatsOf(state, department).filter(isOpen).sort((a, b) => a.id - b.id);
}

/**
 * The chat to show, among those of the page's fixed `department` if it has one: the `chosen` one, else the newest
 * open one, else the newest of all; null when there is none.
 */
export function chatToShow(state, chosen, department) {
  const known = chatsOf(state, department).sort((a, b) => b.id - a.id);
  return known.find((chat) => chat.id === chosen) ?? known.find(isOpen) ?? known[0] ?? null;
}

/** Where a chat stands for its visitor: waiting, active, ended (may be reopened by writing) or over. */
export function phase(chat) {
  switch (chat.card.state) {
    case "waiting":
    case "offered":
      return "waiting";
    case "active":
      return "active";
    case "wrapup":
      return lastEnd(chat) === "visitor_left" ? "over" : "ended";
    default:
      return "over";
  }
}

/** The department in whose queue a chat stands: its own, or the one that it was handed on to. */
export function queueOf(state, chat) {
  const moved = chat.events.findLast(({ what }) => what.kind === "requeued" && what.department)?.what.department;
  return state.departments.find(({ name }) => name === moved) ?? state.departments.find(({ id }) => id === chat.card?.department);
}

/** Whether the chat has waited for longer than its department finds right, by the server's clock. */
export function waitsLong(state, chat, now) {
  const department = state.departments.find(({ id }) => id === chat.card?.department);
  const began = chat.events.filter(({ what }) => what.kind === "started" || what.kind === "requeued").at(-1);
  if (!department || !began || phase(chat) !== "waiting") return false;
  return now + state.ahead - began.at >= 1_000 * department.patience_s;
}

function lastEnd(chat) {
  const ends = chat.events.filter(({ what }) => ["ended", "visitor_left", "reopened"].includes(what.kind));
  return ends.at(-1)?.what.kind ?? "";
}

/** Whether the visitor may judge the chat now: somebody had it, and it is over. */
export function mayRate(chat) {
  const { state } = chat.card;
  const answered = chat.card.agents.length > 0 || chat.events.some(({ what }) => what.kind === "took");
  return answered && phase(chat) === "over" && (state === "closed" || state === "wrapup");
}

/** The last judgement in the log: {rating, comment}, or null. */
export function lastRating(chat) {
  const rated = chat.events.filter(({ what }) => what.kind === "rated").at(-1);
  return rated ? { comment: "", ...rated.what } : null;
}

/** Whether a chat that is over need not be shown to a visitor who comes back: nothing is left to do in it. */
export function isPast(state, chat) {
  if (phase(chat) !== "over") return false;
  const done = !mayRate(chat) || lastRating(chat) !== null;
  return done && state.now - (chat.events.at(-1)?.at ?? 0) > STALE_MS;
}

/** The names of those who are typing now, in the order in which they began. */
export function whoTypes(chat, now) {
  return [...chat.typists].filter(([, at]) => now - at < TYPING_MS).map(([name]) => name);
}

/** How far the visitor's own line `pub` has got: sent, delivered or read. */
export function markOf(chat, pub) {
  if (pub <= chat.card.read) return "read";
  return pub <= chat.card.delivered ? "delivered" : "sent";
}

/** How many lines of staff lie above the high-water mark `read`. */
export function unread(chat, read) {
  let count = 0;
  for (let at = chat.events.length - 1; at >= 0 && chat.events[at].pub > read; at -= 1) {
    const { by, what } = chat.events[at];
    if (by.side === "staff" && what.kind === "said") count += 1;
  }
  return count;
}
