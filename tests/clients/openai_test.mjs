// The program as OpenAI's own client for Node sees it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { Program, Repository, makeTokens } from "../crew/support.mjs";

let repository;
let program;
let requests = 0;
let client;

before(async () => {
  repository = new Repository({
    "parser.py": "def parse_headers(text):\n    return text.split()\n",
    Makefile: "test:\n\tsleep 20\n",
  });
  program = await Program.start(repository);
  client = new OpenAI({
    baseURL: `${program.url}/v1`,
    apiKey: "any",
    fetch: async (...call) => {
      requests += 1;
      return fetch(...call);
    },
  });
});
after(async () => {
  await program?.stop();
  repository?.remove();
});

const question = { model: "codehelper", messages: [{ role: "user", content: "where is parse_headers" }] };
const slow = { model: "codehelper", messages: [{ role: "user", content: "run the tests" }] };

// Stops the run of a stream as soon as its first chunk names it.
async function stopRun(id) {
  const stopped = await fetch(`${program.url}/chat/${id.replace("chatcmpl-", "")}`, { method: "DELETE" });
  assert.equal(stopped.status, 202);
}

test("lists its models and finds one", async () => {
  const ids = (await client.models.list()).data.map((model) => model.id);
  assert.deepEqual(ids, ["codehelper", "codehelper:repo"]);
  assert.equal((await client.models.retrieve("codehelper:repo")).owned_by, "codehelper");
});

test("answers as a whole, with sources and usage", async () => {
  const answer = await client.chat.completions.create(question);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.match(answer.choices[0].message.content, /def parse_headers/);
  assert.match(answer.choices[0].message.content, /\*\*Sources\*\*\n- `parser\.py:1-2`\n/);
  assert.equal(typeof answer.usage.total_tokens, "number");
});

test("streams the same text, and its usage when that is wanted", async () => {
  const whole = await client.chat.completions.create(question);
  const stream = await client.chat.completions.create({ ...question, stream: true, stream_options: { include_usage: true } });
  let text = "";
  let chunks = 0;
  let usage = null;
  let finish = null;
  for await (const chunk of stream) {
    chunks += 1;
    text += chunk.choices[0]?.delta.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.ok(chunks > 3);
  assert.equal(finish, "stop");
  assert.equal(usage.total_tokens, 0);
});

test("a request of the client's own stream helper ends with the final message", async () => {
  const final = await client.chat.completions.stream(question).finalChatCompletion();
  assert.match(final.choices[0].message.content, /parse_headers/);
});

test("errors are typed, tell their cause, and are not tried again", async () => {
  for (const [call, type, status, code] of [
    [{ ...question, model: "gpt-4" }, OpenAI.NotFoundError, 404, "model_not_found"],
    [{ ...question, n: 2 }, OpenAI.BadRequestError, 400, "invalid_input"],
    [{ ...question, messages: [] }, OpenAI.UnprocessableEntityError, 422, "invalid_field"],
  ]) {
    requests = 0;
    await assert.rejects(client.chat.completions.create(call), (error) => {
      assert.ok(error instanceof type);
      assert.equal(error.status, status);
      assert.equal(error.code, code);
      assert.match(error.requestID, /^[0-9a-f]{32}$/);
      return true;
    });
    assert.equal(requests, 1);
  }
});

test("a run that fails late is an error of the stream", async () => {
  const stream = await client.chat.completions.create({ ...slow, stream: true });
  await assert.rejects(
    async () => {
      for await (const chunk of stream) {
        if (chunk.choices[0].delta.role) await stopRun(chunk.id);
      }
    },
    (error) => error instanceof OpenAI.APIError && error.code === "cancelled",
  );
});

async function countChats() {
  const figures = await (await fetch(`${program.url}/metrics`)).text();
  const counts = [...figures.matchAll(/^codehelper_chats_total\{[^}]*\} (\d+)$/gm)].map((found) => Number(found[1]));
  return counts.reduce((sum, count) => sum + count, 0);
}

test("a call whose connection breaks is tried again by the client, and with a key is run once", async () => {
  const before = await countChats();
  let calls = 0;
  const shaky = client.withOptions({
    fetch: async (url, options) => {
      calls += 1;
      const answer = await fetch(url, options);
      if (calls > 1) return answer;
      await answer.body.cancel();
      throw new TypeError("the connection broke");
    },
  });
  const answer = await shaky.chat.completions.create(question, { headers: { "Idempotency-Key": "shaky" } });
  assert.match(answer.choices[0].message.content, /parse_headers/);
  assert.equal(calls, 2);
  assert.equal(await countChats(), before + 1);
});

test("one key gets one run and the same answer", async () => {
  const options = { headers: { "Idempotency-Key": "once" } };
  const [first, second] = await Promise.all([
    client.chat.completions.create(question, options),
    client.chat.completions.create(question, options),
  ]);
  assert.deepEqual(second, first);
});

test("a token with the scope chat is taken, one without it or an unknown one is refused as OpenAI does it", async (t) => {
  const own = new Repository({ "parser.py": "def parse_headers(text):\n    return text.split()\n" });
  t.after(() => own.remove());
  const { tokens, environment } = makeTokens(own, { asker: "chat", reader: "read" });
  const guarded = await Program.start(own, environment, tokens.reader);
  t.after(() => guarded.stop());
  const ask = (apiKey) => new OpenAI({ baseURL: `${guarded.url}/v1`, apiKey, maxRetries: 0 }).chat.completions.create(question);

  assert.match((await ask(tokens.asker)).choices[0].message.content, /def parse_headers/);
  await assert.rejects(ask(tokens.reader), (error) => {
    assert.ok(error instanceof OpenAI.PermissionDeniedError);
    assert.match(error.message, /"reader" lacks the scope chat/);
    return true;
  });
  await assert.rejects(ask("sk-guess"), (error) => error instanceof OpenAI.AuthenticationError && error.code === "invalid_api_key");
});
