/** A visitor's windows make room for each other: the server lets only so many in, and one that is looked at goes first. */

/**
 * They speak through the storage that they share. `spare()` says whether this window can do without its link,
 * `rest()` gives the link up, and `enter()` hears that there is room again.
 */
export class Windows {
  constructor(keep, id, { spare, rest, enter }) {
    Object.assign(this, { keep, id, spare, rest, enter });
    this.asks = false;
  }

  /** The server does not let us in: ask the others for a place. */
  ask() {
    this.asks = true;
    this.#tell("ask", this.id);
  }

  /** This window has given its link up. */
  left() {
    this.#tell("room", this.id);
  }

  /** Another window changed what is kept under this key. */
  hear(key, value) {
    if (!value) return;
    if (key === "windows.ask" && this.spare()) this.#tell("offer", `${value} ${this.id}`);
    if (key === "windows.offer") this.#accept(...value.split(" "));
    if (key === "windows.go" && value === this.id && this.spare()) this.rest();
    if (key === "windows.room") this.enter();
  }

  /** The first who offers is taken at its word; the others keep their links. */
  #accept(asker, other) {
    if (asker !== this.id || !this.asks) return;
    this.asks = false;
    this.#tell("go", other);
  }

  #tell(what, value) {
    this.keep.set(`windows.${what}`, value);
    this.keep.set(`windows.${what}`, "");
  }
}
