/** A chat's log as rows to draw: days, notices and lines, grouped by who speaks; plain data in and out. */

import { isOpen, markOf } from "./state.js";

const GROUP_MS = 5 * 60_000;
const FOLD_LINES = 200;
const URL_PATTERN = /https?:\/\/[^\s<>"'`\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+/giu;
const TRAILING = /[.,;:!?)\]}\u2026\u3002\uff0c]+$/u;

/**
 * Rows: {type: "day", key, at}, {type: "notice", key, at, kind, name, mine, side, before,
 * department, topic} and
 * {type: "line", key, at, mine, name, text, first, last, mark, entry}.
 * `mark` is sent, delivered or read for the last line of the visitor's that staff have, sending, waiting or refused for
 * one in the outbox (`entry`), and "" for all others. `pending` are the entries of the outbox, `dayOf(at)` names a day,
 * and `ahead` is how far the server's clock, which all times are by, is ahead of this machine's.
 */
export function rows(chat, pending, dayOf, ahead = 0) {
  const found = [];
  let day = "";
  const events = chat ? chat.events : [];
  const lastMine = chat ? events.findLast(({ by, what }) => by.side === "visitor" && what.kind === "said") : null;
  for (const event of events) {
    const row = eventRow(chat, event, event === lastMine && !pending.length);
    if (!row) continue;
    if (dayOf(event.at) !== day) {
      day = dayOf(event.at);
      found.push({ type: "day", key: `d${event.pub}`, at: event.at });
    }
    found.push(row);
  }
  for (const entry of pending) found.push(pendingRow(entry, ahead));
  group(found);
  return found;
}

function eventRow(chat, { pub, at, by, what }, marked) {
  const mine = by.side === "visitor";
  const row = { key: `e${pub}`, at, mine, name: by.name };
  if (what.kind === "said") {
    return { ...row, type: "line", text: what.text, mark: marked ? markOf(chat, pub) : "", entry: null };
  }
  if (what.kind === "rated" || (what.kind === "finished" && !isOpen(chat))) return null;
  const { kind, name = by.name, before = "", department = "", topic = "" } = what;
  return { ...row, type: "notice", kind, name, side: by.side, before, department, topic };
}

function pendingRow(entry, ahead) {
  const { key, command, at, status } = entry;
  return { type: "line", key, at: at + ahead, mine: true, name: "", text: command.text, mark: status, entry };
}

function group(found) {
  const together = (a, b) =>
    a?.type === "line" && b?.type === "line" && a.mine === b.mine && a.name === b.name && b.at - a.at < GROUP_MS;
  found.forEach((row, index) => {
    if (row.type !== "line") return;
    row.first = !together(found[index - 1], row);
    row.last = !together(row, found[index + 1]);
  });
}

/** A text cut into {text, url}: `url` is "" or a whole http(s) address that the text shows. */
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(URL_PATTERN)) {
    const shown = trimmed(match[0]);
    if (!isAddress(shown)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index), url: "" });
    found.push({ text: shown, url: shown });
    end = match.index + shown.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), url: "" });
  return found;
}

function trimmed(url) {
  const cut = url.replace(TRAILING, "");
  const lost = url.slice(cut.length);
  return lost.startsWith(")") && cut.includes("(") ? `${cut})` : cut;
}

function isAddress(text) {
  try {
    return ["http:", "https:"].includes(new URL(text).protocol);
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** The part of a text that is shown before "show all", or the whole text. */
export function folded(text) {
  const lines = text.split("\n");
  return lines.length > FOLD_LINES ? lines.slice(0, FOLD_LINES).join("\n") : text;
}

/** The number of characters as the server counts them. */
export function lengthOf(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** At most `limit` characters of a text, without NUL and halves of characters, which the server could not keep. */
export function wellFormed(text, limit = Infinity) {
  const whole = text.replace(/[\p{Surrogate}\0]/gu, "\ufffd");
  return whole.length <= limit ? whole : [...whole].slice(0, limit).join("");
}

/** What is sent of what was typed: no empty lines around it. */
export function tidied(text) {
  return wellFormed(text.replace(/^(?:[^\S\n]*\n)+|\s+$/gu, ""));
}
