// Calls of the server's API. What goes wrong comes out as an ApiError whose message can be shown as it is.

export class ApiError extends Error {
  // `status` 0: the server was not reached, or the connection broke.
  constructor(status, code, message, requestId) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

async function readError(response) {
  const fallback = `The server answered ${response.status}${response.statusText ? ` ${response.statusText}` : ""}.`;
  const body = await response.json().catch(() => ({}));
  return new ApiError(response.status, body.error ?? "error", body.message ?? fallback, body.request_id);
}

export class Api {
  // `tokens` asks the user for the token, `server` is told when it can't be reached.
  constructor(tokens, server) {
    this.tokens = tokens;
    this.server = server;
  }

  // The answer of a successful call. `options`: query, body, headers, signal, and isFine(status) for other answers than
  // 2xx that are none of a failure.
  async request(method, path, options = {}) {
    const given = Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined && value !== null);
    const query = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
    for (;;) {
      const token = this.tokens.current();
      const response = await this.#send(method, path + query, token, options);
      if (response.ok || options.isFine?.(response.status)) return response;
      if (response.status !== 401 || !(await this.tokens.ask(token))) throw await readError(response);
    }
  }

  async json(method, path, options) {
    const response = await this.request(method, path, options);
    return response.json();
  }

  async #send(method, target, token, { body, headers = {}, signal }) {
    const fields = { Accept: "application/json", ...headers };
    if (token) fields.Authorization = `Bearer ${token}`;
    if (body) fields["Content-Type"] = "application/json";
    try {
      return await fetch(target, { method, headers: fields, body: body && JSON.stringify(body), signal, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      this.server.lose();
      throw new ApiError(0, "away", "The server can't be reached. It is tried again until it answers.");
    }
  }
}
