// How each part that the server depends on is, and what to do about one that is not well. The parts are asked for
// something only when the dialog is open, since that may cost; the button shows what the readiness says.
import { copyButton, h, icon, iconButton, makeDialog, replaceChildren } from "./dom.js";

export class HealthDialog {
  // `button` is the one in the bar: it shows whether something is amiss.
  constructor(button, api, announcer) {
    this.button = button;
    this.api = api;
    this.announcer = announcer;
    this.list = h("ul", { class: "checks" });
    this.note = h("p", { class: "hint", role: "status" });
    const again = iconButton("refresh", "Look again", () => this.refresh());
    this.version = h("span", { class: "hint" });
    const licences = h("a", { href: document.querySelector("link[rel=license]").href, class: "quiet-link" }, "Licences");
    const foot = h("div", { class: "actions" }, this.note, again, h("span", { class: "spacer" }), this.version, licences);
    this.dialog = makeDialog("Health", {}, h("div", { class: "dialog-body" }, this.list, foot));
    document.body.append(this.dialog);
    button.addEventListener("click", () => this.open());
    this.#showButton("unknown", "Health");
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    this.#showVersion();
    return this.refresh();
  }

  async #showVersion() {
    const description = await this.api.json("GET", "/openapi.json").catch(() => null);
    if (description) this.version.textContent = `codehelper ${description.info.version}`;
  }

  async refreshButton() {
    const answer = await this.api.json("GET", "/readyz", { isFine: (status) => status === 503 }).catch(() => null);
    if (answer === null) return this.#showButton("unknown", "Health: not known");
    const ill = Object.entries(answer).filter(([, state]) => typeof state === "string" && state !== "ok" && state !== "not_configured");
    return this.#showFaults(ill.map(([subject]) => subject));
  }

  async refresh() {
    this.note.textContent = "Looking…";
    try {
      const { checks } = await this.api.json("GET", "/doctor");
      const faults = checks.filter((check) => !check.ok);
      replaceChildren(this.list, checks.map(makeCheck));
      this.note.textContent = faults.length === 0 ? "All is well." : `${faults.length} of ${checks.length} not well.`;
      this.#showFaults(faults.map(({ subject }) => subject));
    } catch (error) {
      this.note.textContent = error.message;
      this.#showButton("unknown", "Health: not known");
    }
  }

  #showFaults(subjects) {
    if (subjects.length === 0) this.#showButton("ready", "Health: all is well");
    else this.#showButton("failed", `Health: ${subjects.join(", ")} not well`);
  }

  #showButton(state, label) {
    replaceChildren(this.button, icon("health"), h("span", { class: "wide-only" }, "Health"), h("span", { class: `dot ${state}` }));
    this.button.setAttribute("aria-label", label);
    this.button.title = label;
  }
}

function makeBadge(ok, state) {
  if (state === "not_configured") return h("span", { class: "badge" }, "not used");
  return h("span", { class: `badge ${ok ? "good" : "bad"}` }, icon(ok ? "check" : "warning"), ok ? "ok" : "fault");
}

function makeCheck({ subject, ok, state, fix }) {
  return h(
    "li",
    { class: ok ? "check-item" : "check-item bad" },
    makeBadge(ok, state),
    h("strong", {}, subject),
    h("span", { class: "check-state" }, state.replaceAll("_", " ")),
    !ok && fix && h("p", { class: "fix" }, fix, copyButton(`Copy the fix of ${subject}`, () => fix)),
  );
}
