/** The socket to the server: says hello, keeps the line alive, and comes back by itself. */

const PING_MS = 20_000;
const LOST_MS = 40_000;
const WAKE_MS = 5_000;
/** What the server may need to see that another window has gone. */
const ROOM_MS = 150;
const STABLE_MS = 10_000;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;
const EXPIRED = 4002;
const LATER = 1013;

/** The longest wait before try number `tries` (0, 1, 2 ...) after a lost link, in milliseconds. */
export function backoff(tries) {
  return Math.min(FIRST_MS * 2 ** tries, LONGEST_MS);
}

/**
 * `hello()` makes the first frame, `onFrame(frame)` gets every frame but pong and bye, `onChange(up)` hears when the
 * link comes up or goes down, `onExpired()` when the server no longer takes our token. `crowded` = the server does not
 * let us in, because the visitor has too many windows open.
 */
export class Link {
  constructor({ url, hello, onFrame, onChange, onExpired }) {
    Object.assign(this, { url, hello, onFrame, onChange, onExpired });
    this.socket = null;
    this.up = false;
    this.crowded = false;
    this.renewed = false;
    this.wanted = false;
    this.tries = 0;
    this.hint = 0;
    this.heard = 0;
    this.timer = 0;
    this.pulse = 0;
    window.addEventListener("online", () => this.wake());
    window.addEventListener("offline", () => this.#check(WAKE_MS));
    window.addEventListener("pageshow", () => this.wake());
    window.addEventListener("pagehide", () => this.rest());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake());
  }

  /** Be connected from now on. */
  start() {
    if (this.wanted) return;
    this.wanted = true;
    this.#connect();
  }

  /** Make the link anew, at once. */
  restart() {
    this.#drop();
    if (this.wanted) this.#connect();
  }

  /** Do without a link until `wake`: nobody looks, or the browser keeps the page for a way back. */
  rest() {
    this.#drop();
  }

  /** There is room again for one more window. */
  roomAgain() {
    if (this.wanted && this.crowded && !this.socket) this.#again(ROOM_MS * (1 + Math.random()));
  }

  /** Send one frame; false when the link is down. */
  send(frame) {
    if (!this.up) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** The machine, the network or the page has woken up: do not wait for the next beat. */
  wake() {
    if (!this.wanted) return;
    if (!this.socket) this.#again(Math.random() * 500);
    else if (this.up && Date.now() - this.heard > PING_MS) this.#check(WAKE_MS);
  }

  #connect() {
    clearTimeout(this.timer);
    this.heard = Date.now();
    this.hint = 0;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify(this.hello()));
    };
    socket.onmessage = ({ data }) => socket === this.socket && this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.#closed(code);
    this.pulse = setInterval(() => this.#beat(), PING_MS / 4);
    this.beatAt = this.askedAt = Date.now();
  }

  #receive(frame) {
    this.heard = Date.now();
    if (frame.t === "pong") return;
    if (frame.t === "bye") {
      this.hint = frame.retry_ms ?? 0;
      return;
    }
    if (frame.t === "refused" && frame.code === "expired") {
      this.#closed(EXPIRED);
      return;
    }
    if (frame.t === "welcome") {
      this.up = true;
      this.crowded = false;
      this.upAt = Date.now();
    }
    this.onFrame(frame);
    if (frame.t === "welcome") this.onChange(true);
  }

  /** A browser lets hidden windows beat once a minute: who has slept asks first, before taking silence for a lost link. */
  #beat() {
    const now = Date.now();
    const slept = Math.abs(now - this.beatAt) > PING_MS;
    this.beatAt = now;
    if (slept && this.up) {
      this.askedAt = now;
      this.#check(WAKE_MS);
    } else if (now - this.heard > LOST_MS) {
      this.#closed(0);
    } else if (now - this.askedAt >= PING_MS && this.send({ t: "ping" })) {
      this.askedAt = now;
    }
  }

  #check(patience) {
    if (!this.send({ t: "ping" })) return;
    const { socket } = this;
    const asked = Date.now();
    setTimeout(() => socket === this.socket && this.heard < asked && this.#closed(0), patience);
  }

  #closed(code) {
    const stable = this.up && Date.now() - this.upAt > STABLE_MS;
    const { hint } = this;
    this.crowded = code === LATER && !this.up;
    this.#drop();
    if (this.crowded) this.onChange(false);
    if (stable) this.tries = 0;
    if (code === EXPIRED) this.onExpired();
    if (code === EXPIRED && !this.renewed) this.#again(0);
    else if (hint) this.#again(hint);
    else if (stable && code !== LATER) this.#again(Math.random() * 300);
    else this.#again(Math.random() * backoff(this.tries));
    this.renewed = code === EXPIRED;
    this.tries += 1;
  }

  #again(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wanted && !this.socket && this.#connect(), wait);
  }

  #drop() {
    clearInterval(this.pulse);
    clearTimeout(this.timer);
    const { socket, up } = this;
    this.socket = null;
    this.up = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    if (up) this.onChange(false);
  }
}
