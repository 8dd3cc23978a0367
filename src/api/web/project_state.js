// The current project and its index as the server has them; asked again and again only while it is being indexed.

const indexingPauseMilliseconds = 500;

// Event: "change".
export class ProjectState extends EventTarget {
  #timer = 0;

  constructor(api) {
    super();
    this.api = api;
    this.status = null;
  }

  get path() {
    return this.status?.project_path ?? null;
  }

  get isIndexing() {
    return this.status?.index_status === "indexing";
  }

  // Throws an ApiError.
  async refresh() {
    clearTimeout(this.#timer);
    this.status = await this.api.json("GET", "/project");
    this.dispatchEvent(new Event("change"));
    if (this.isIndexing) this.#timer = setTimeout(() => this.refresh().catch(() => {}), indexingPauseMilliseconds);
  }

  // Makes `path` current and indexes it where that is wanted; throws an ApiError. One that is being indexed already is
  // no error.
  async choose(path, { reindex = false } = {}) {
    try {
      await this.api.json("POST", "/project", { body: { project_path: path, reindex } });
    } catch (error) {
      if (error.code !== "already_indexing") throw error;
    }
    await this.refresh();
  }

  async cancel() {
    await this.api.request("DELETE", "/project/job");
    await this.refresh();
  }
}
