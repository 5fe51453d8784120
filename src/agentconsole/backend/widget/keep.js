/** What this browser keeps for the visitor: local storage, or this window's memory where storage is blocked. */

const PREFIX = "agentconsole.";

/** Storage in memory with the part of the Storage interface that is used here. */
function memoryStorage() {
  const map = new Map();
  return {
    getItem: (key) => (map.has(key) ? map.get(key) : null),
    setItem: (key, value) => void map.set(key, String(value)),
    removeItem: (key) => void map.delete(key),
    key: (index) => [...map.keys()][index] ?? null,
    get length() {
      return map.size;
    },
  };
}

function usable(name) {
  try {
    const storage = window[name];
    storage.setItem(`${PREFIX}try`, "1");
    storage.removeItem(`${PREFIX}try`);
    return storage;
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    return null;
  }
}

/** A small box of strings; `name` is "localStorage" (all windows) or "sessionStorage" (this tab). `lasting` = it outlives the page. */
export class Keep {
  constructor(name) {
    const storage = usable(name);
    this.lasting = storage !== null;
    this.storage = storage ?? memoryStorage();
  }

  /** The value, or "" when there is none. */
  get(key) {
    return this.storage.getItem(PREFIX + key) ?? "";
  }

  /** Keep `value`; "" forgets the key. A full storage keeps what it had. */
  set(key, value) {
    if (value === "") {
      this.storage.removeItem(PREFIX + key);
      return;
    }
    try {
      this.storage.setItem(PREFIX + key, value);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }

  /** All keys that begin with `prefix`, sorted. */
  keys(prefix) {
    const found = [];
    for (let index = 0; index < this.storage.length; index += 1) {
      const key = this.storage.key(index);
      if (key.startsWith(PREFIX + prefix)) found.push(key.slice(PREFIX.length));
    }
    return found.sort();
  }

  /** Call `changed(key, value)` when another window changes a value. */
  watch(changed) {
    window.addEventListener("storage", (event) => {
      if (event.storageArea === this.storage && event.key?.startsWith(PREFIX)) {
        changed(event.key.slice(PREFIX.length), event.newValue ?? "");
      }
    });
  }
}
