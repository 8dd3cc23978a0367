// Whether the server answers. It is polled only while it doesn't.

const firstWaitMilliseconds = 500;
const longestWaitMilliseconds = 5_000;

// Events: "away" and "back".
export class ServerState extends EventTarget {
  #isAway = false;
  #wake = () => {};

  get isAway() {
    return this.#isAway;
  }

  // To be called when a call has failed for want of a server.
  lose() {
    if (this.#isAway) return;
    this.#isAway = true;
    this.dispatchEvent(new Event("away"));
    this.#poll();
  }

  // Looks at once instead of after the wait.
  retry() {
    this.#wake();
  }

  // Resolves when it answers; rejects when `signal` is aborted before.
  whenBack(signal) {
    if (!this.#isAway) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.addEventListener("back", resolve, { once: true, signal });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  async #poll() {
    for (let wait = firstWaitMilliseconds; this.#isAway; wait = Math.min(wait * 2, longestWaitMilliseconds)) {
      const answer = await fetch("/health", { cache: "no-store" }).catch(() => null);
      if (answer?.ok) break;
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, wait);
      });
    }
    this.#isAway = false;
    this.dispatchEvent(new Event("back"));
  }
}
