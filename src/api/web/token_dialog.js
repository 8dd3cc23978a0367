// The token that the API may want: asked for when it refuses, kept for this tab or, if the user says so, for longer.
import { h, makeDialog } from "./dom.js";

const storageKey = "codehelper-token";

export class Tokens {
  #asking = null;

  current() {
    return sessionStorage.getItem(storageKey) ?? localStorage.getItem(storageKey) ?? "";
  }

  // Resolves to whether there is another token than `refused` to try; one dialog for all callers that wait.
  async ask(refused) {
    if (this.current() !== refused) return true;
    this.#asking ??= this.#showDialog(refused !== "").finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  #keep(token, isForLonger) {
    sessionStorage.removeItem(storageKey);
    localStorage.removeItem(storageKey);
    (isForLonger ? localStorage : sessionStorage).setItem(storageKey, token);
  }

  #showDialog(wasRefused) {
    return new Promise((resolve) => {
      const field = h("input", { type: "password", id: "token", autocomplete: "off", required: true, "aria-describedby": "token-help" });
      const isForLonger = h("input", { type: "checkbox", id: "token-keep" });
      let isGiven = false;
      const onsubmit = (event) => {
        event.preventDefault();
        this.#keep(field.value.trim(), isForLonger.checked);
        isGiven = true;
        dialog.close();
      };
      const onclose = () => {
        dialog.remove();
        resolve(isGiven);
      };
      const form = h(
        "form",
        { class: "dialog-body", onsubmit },
        wasRefused && h("p", { class: "fault", role: "alert" }, "The server refused that token."),
        h("label", { for: "token" }, "Token"),
        field,
        h("p", { id: "token-help", class: "hint" }, "The value of CODEHELPER_API_TOKEN on the server."),
        h("label", { class: "check" }, isForLonger, " Keep it in this browser, not only in this tab"),
        h("div", { class: "actions" }, h("button", { class: "primary" }, "Use this token")),
      );
      const dialog = makeDialog("This server asks for a token", { className: "small", onclose }, form);
      document.body.append(dialog);
      dialog.showModal();
      field.focus();
    });
  }
}
