// The token that the API may want: asked for when it refuses, and kept for this tab only.
import { h, makeDialog } from "./dom.js";
import { tabStorage } from "./storage.js";

const storageKey = "codehelper-token";

export class Tokens {
  #asking = null;

  current() {
    return tabStorage.getItem(storageKey) ?? "";
  }

  // Resolves to whether there is another token than `refused` to try; one dialog for all callers that wait.
  async ask(refused) {
    if (this.current() !== refused) return true;
    return this.#askOnce("This server asks for a token", refused !== "" && "The server refused that token.");
  }

  // For a user who has one that allows more. Resolves to whether it was given.
  change() {
    return this.#askOnce("Use another token", false);
  }

  #askOnce(title, fault) {
    this.#asking ??= this.#showDialog(title, fault).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  #showDialog(title, fault) {
    return new Promise((resolve) => {
      const field = h("input", { type: "password", id: "token", autocomplete: "off", required: true, "aria-describedby": "token-help" });
      let isGiven = false;
      const onsubmit = (event) => {
        event.preventDefault();
        tabStorage.setItem(storageKey, field.value.trim());
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
        fault && h("p", { class: "fault", role: "alert" }, fault),
        h("label", { for: "token" }, "Token"),
        field,
        h("p", { id: "token-help", class: "hint" }, "From whoever runs this server. It is kept until this tab is closed."),
        h("div", { class: "actions" }, h("button", { class: "primary" }, "Use this token")),
      );
      const dialog = makeDialog(title, { className: "small", onclose }, form);
      document.body.append(dialog);
      dialog.showModal();
      field.focus();
    });
  }
}
