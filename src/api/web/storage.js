// What the browser keeps for this page. One that is told to keep nothing refuses even to be asked: what would have been
// kept is then forgotten when the page is left.

class Memory {
  #values = new Map();

  getItem(key) {
    return this.#values.get(key) ?? null;
  }
  setItem(key, value) {
    this.#values.set(key, value);
  }
  removeItem(key) {
    this.#values.delete(key);
  }
}

function open(name) {
  try {
    return window[name] ?? new Memory();
  } catch {
    return new Memory();
  }
}

export const tabStorage = open("sessionStorage"); // until the tab is closed
export const browserStorage = open("localStorage");
