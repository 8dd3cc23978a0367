// Which repository is asked about: choose it, index it, see how far that is, what is in the index and what is not.
import { h, icon, makeDialog, replaceChildren } from "./dom.js";
import { formatAge, formatBytes, formatCount, formatSeconds } from "./format.js";
import { PathField } from "./path_field.js";
import { SkippedList } from "./skipped_list.js";

const states = { idle: "not indexed", indexing: "indexing", ready: "ready", failed: "failed" };

export function nameState(status) {
  return states[status?.index_status] ?? "no project";
}

export class ProjectDialog {
  constructor(api, project, announcer) {
    this.project = project;
    this.announcer = announcer;
    this.path = new PathField(api, { id: "project-path", onGiven: () => this.#index(false) });
    this.skipped = new SkippedList(api);
    this.fault = h("p", { class: "fault", role: "alert", hidden: true });
    this.status = h("div", { class: "project-status" });
    this.intro = h("p", { class: "hint" }, "No project yet: name the folder of a repository and index it.");
    this.progress = h("progress", { max: 1, "aria-label": "Files indexed" });
    this.progressText = h("p", { class: "hint" });
    this.progressArea = h("div", { class: "progress", hidden: true }, this.progress, this.progressText);
    this.index = h("button", { type: "submit", class: "primary" }, "Index");
    this.cancel = h("button", { type: "button", class: "danger", hidden: true, onclick: () => this.#cancel() }, icon("stop"), "Cancel");
    this.anew = h("button", { type: "button", onclick: () => this.#index(true) }, icon("refresh"), "Index again");
    const onsubmit = (event) => {
      event.preventDefault();
      this.#index(false);
    };
    const form = h(
      "form",
      { class: "dialog-body", onsubmit },
      this.intro,
      h("label", { for: "project-path" }, "Repository on the server"),
      h("div", { class: "field-row" }, this.path.element, this.index),
      this.fault,
      this.status,
      this.progressArea,
      h("div", { class: "actions" }, this.anew, this.cancel),
      this.skipped.element,
    );
    this.dialog = makeDialog("Project", {}, form);
    document.body.append(this.dialog);
    project.addEventListener("change", () => this.#show());
  }

  async open() {
    this.#showFault("");
    this.path.value = this.project.path ?? "";
    this.#show();
    if (!this.dialog.open) this.dialog.showModal();
    this.path.field.select();
    await this.#try(() => this.project.refresh());
  }

  async #index(reindex) {
    const path = reindex ? this.project.path : this.path.value.replace(/(?<=.)\/+$/, "");
    if (!path) {
      this.#showFault("Name a folder first.");
      return;
    }
    this.skipped.forget();
    await this.#try(() => this.project.choose(path, { reindex }));
  }

  #cancel() {
    return this.#try(() => this.project.cancel());
  }

  async #try(work) {
    try {
      await work();
      this.#showFault("");
    } catch (error) {
      this.#showFault(error.message);
    }
  }

  #showFault(text) {
    this.fault.hidden = text === "";
    this.fault.textContent = text;
  }

  #show() {
    const status = this.project.status;
    const isIndexing = this.project.isIndexing;
    const hasIndex = Boolean(status?.index?.finished_at);
    this.intro.hidden = Boolean(this.project.path);
    this.cancel.hidden = !isIndexing;
    this.anew.hidden = !this.project.path || isIndexing;
    this.progressArea.hidden = !isIndexing;
    if (isIndexing) this.#showProgress(status);
    replaceChildren(this.status, describeStatus(status));
    this.skipped.element.hidden = !this.project.path;
    this.skipped.show(this.project.path, hasIndex ? status.index.skipped : null);
    this.#announce(status);
  }

  #showProgress({ progress = {}, detail }) {
    const { files_done: done, files_total: total, chunks, files_per_second: speed, seconds_left: left } = progress;
    if (total > 0) this.progress.value = done / total;
    else this.progress.removeAttribute("value");
    const parts = [
      total > 0 ? `${done.toLocaleString("en")} of ${formatCount(total, "file")}` : "Looking for files",
      chunks > 0 && formatCount(chunks, "chunk"),
      speed > 0 && `${Math.round(speed).toLocaleString("en")} files/s`,
      left > 0 && `${formatSeconds(left)} left`,
      detail,
    ];
    this.progressText.textContent = parts.filter(Boolean).join(" · ");
  }

  #announce(status) {
    const state = status?.index_status;
    if (this.announced !== undefined && this.announced !== state) this.announcer.say(`The index is ${nameState(status)}.`);
    this.announced = state;
  }
}

function describeStatus(status) {
  if (!status?.project_path) return null;
  const { index, index_status: state, cause, stale_because: stale } = status;
  const facts = index.finished_at && [
    ["Files", index.files.toLocaleString("en")],
    ["Chunks", index.chunks.toLocaleString("en")],
    ["Left out", index.skipped.toLocaleString("en")],
    index.bytes_on_disk && ["On disk", formatBytes(index.bytes_on_disk)],
    ["Embedder", `${index.embedder}, ${index.dimension} dimensions`],
    ["Finished", formatAge(index.finished_at)],
    index.changed_files > 0 && ["Changed since", formatCount(index.changed_files, "file")],
  ];
  return [
    h("p", { class: "state-line" }, h("span", { class: `dot ${state}` }), h("strong", {}, nameState(status)), h("span", { class: "path" }, status.project_path)),
    cause && h("p", { class: "fault" }, icon("warning"), cause),
    stale && h("p", { class: "notice" }, `This is the last known state: ${stale}`),
    facts && h("dl", { class: "facts" }, facts.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  ];
}
