// Server-sent events of a fetch answer (HTML Living Standard, section 9.2); EventSource can't post or send a token.

// Yields {name, id, data}; data is parsed JSON. Throws when the connection breaks.
export async function* readEvents(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = { name: "message", id: "", data: [] };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (line !== "") {
          takeLine(event, line);
          continue;
        }
        if (event.data.length > 0) yield { name: event.name, id: event.id, data: JSON.parse(event.data.join("\n")) };
        event = { name: "message", id: event.id, data: [] };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function takeLine(event, line) {
  const colon = line.indexOf(":");
  if (colon === 0) return;
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "event") event.name = value;
  else if (field === "id") event.id = value;
  else if (field === "data") event.data.push(value);
}
