/** How far the visitor has read: kept for all windows of this browser, and told to the server. */

const KEPT = 8;

/** `send(frame)` answers whether the link took it. Chats are those of the state. */
export class Marks {
  constructor(keep, send) {
    this.keep = keep;
    this.send = send;
    this.told = new Map();
  }

  /** The last pub that the visitor has seen of this chat. */
  of(chat) {
    return Number(this.keep.get(`read.${chat.id}`)) || 0;
  }

  /** All of this chat is on screen now. Marks of old chats are forgotten. */
  seen(chat) {
    if (chat.pub <= this.of(chat)) return;
    this.keep.set(`read.${chat.id}`, String(chat.pub));
    const ids = this.keep.keys("read.").map((key) => Number(key.slice(5)));
    for (const id of ids.sort((a, b) => b - a).slice(KEPT)) this.keep.set(`read.${id}`, "");
  }

  /** Tell the server what is new in the marks of these chats. */
  tell(chats) {
    for (const chat of chats) {
      const read = Math.min(this.of(chat), chat.pub);
      const mark = `${chat.pub} ${read}`;
      if (!chat.pub || mark === this.told.get(chat.id)) continue;
      if (this.send({ t: "seen", chat: chat.id, delivered: chat.pub, read })) this.told.set(chat.id, mark);
    }
  }

  /** The link went down: the server may not know what we told last. */
  lost() {
    this.told.clear();
  }
}
