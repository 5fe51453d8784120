/** What the visitor is typing, told to the agent now and then: the newest text wins, and nothing is kept. */

import { wellFormed } from "./lines.js";

const GAP_MS = 600;
const REFRESH_MS = 5_000;
const IDLE_MS = 60_000;
const MAX_TEXT = 4_000;

/** `send(frame)` sends a frame or does nothing. A preview expires by itself; while it stands it is told again. */
export class Preview {
  constructor(send) {
    this.send = send;
    this.chat = 0;
    this.text = "";
    this.told = "";
    this.toldAt = 0;
    this.inputAt = 0;
    this.timer = 0;
  }

  /** The composer of `chat` holds `text` now. */
  note(chat, text) {
    if (chat !== this.chat) this.told = "";
    this.chat = chat;
    this.text = wellFormed(text, MAX_TEXT);
    this.inputAt = Date.now();
    this.#later();
  }

  /** The line was sent or the chat is over: the server forgets the preview by itself. */
  clear() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.text = this.told = "";
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#tell(), Math.max(0, this.toldAt + GAP_MS - Date.now()));
  }

  #tell() {
    const now = Date.now();
    this.timer = 0;
    const fresh = this.text !== this.told;
    if (fresh || (this.text && now - this.toldAt >= REFRESH_MS)) {
      this.send({ t: "typing", chat: this.chat, text: this.text });
      this.told = this.text;
      this.toldAt = now;
    }
    if (this.text && now - this.inputAt < IDLE_MS && document.hasFocus()) {
      this.timer = setTimeout(() => this.#tell(), REFRESH_MS);
    }
  }
}
