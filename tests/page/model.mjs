// A model server that we did not write (npm @copilotkit/aimock) with what it says, by what the crew asks it. Paths and
// lines are those of the sample repository.
import { LLMock } from "../support/llm/node_modules/@copilotkit/aimock/dist/index.js";

export const fullQuestion = "How are headers parsed? Show me the full answer";
export const testedQuestion = `${fullQuestion}, and run the tests`; // for the Runner to be needed

// It keeps the blanks around the value, so that one of the two tests fails with it.
export const patch = `diff --git a/parser.py b/parser.py
--- a/parser.py
+++ b/parser.py
@@ -2,5 +2,6 @@
 
 
 def parse_headers(text):
-    """Splits header lines into names and values."""
-    return dict(line.split(': ', 1) for line in text.splitlines())
+    """Splits header lines into names and values; lines without a colon are left out."""
+    pairs = (line.partition(':') for line in text.splitlines())
+    return {name: value for name, colon, value in pairs if colon}
`;
const mendedPatch = patch.replace("{name: value for", "{name.strip(): value.strip() for");
const lostPatch = "--- a/server.py\n+++ b/server.py\n@@ -1,1 +1,1 @@\n-import sockets\n+import socketserver\n";

const fullAnswer = `Headers are split by \`parse_headers\` in \`parser.py:4-6\`: each line is cut at the first \`": "\` into a name and a value.

Requests find their handler by the **router** (net/router.cpp:66-71), which refuses a template that is taken twice. Nothing checks the port that the server is given: server.py:40-44.

### What is not handled

| input | now | wanted |
|---|---|---|
| a line without a colon | \`ValueError\` | left out |
| blanks around the value | kept | removed |

A change that handles both:

\`\`\`diff
${patch}\`\`\`

The same thing is used by the tests, see \`parser.py:4-6\`.`;

// What a hostile page or repository may have made a model write.
const hostileAnswer = `<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">

[a link](javascript:window.hacked=3) and ![a picture](https://example.com/pixel.png?secret) and <b>bold</b> \`std::vector<int>\` and std::map<int, int>

<iframe src="https://example.com"></iframe><style>body { display: none }</style>

- [x] done
- [ ] open

| <u>cell</u> | b |
|---|---|
| 1 | 2 |`;

export const slowAnswer = Array.from({ length: 2000 }, (_, index) => `word ${index + 1} `).join("").trim();
export const steadyAnswer = Array.from({ length: 60 }, (_, index) => `word ${index + 1} `).join("").trim();

const call = (id, name, given) => ({ id, name, arguments: JSON.stringify(given) });
const slowly = { chunkSize: 8, options: { streamingProfile: { ttft: 10, tps: 25 } } };

const fullPlan = { searches: ["parse headers", "route requests"], edit: true };
const lookAround = {
  content: "I look at the parser first.",
  toolCalls: [
    call("c1", "search_code", { query: "parse headers", limit: 5 }),
    call("c2", "read_lines", { path: ".env" }),
    call("c3", "read_lines", { path: "net/router.cpp", start_line: 60, end_line: 80 }),
  ],
};

// The first whose `when` matches the question plays; `rounds` are its replies in turn, the last one again and again.
const scripts = [
  { when: /This patch was applied/, rounds: [{ content: `The blanks have to go:\n\n\`\`\`diff\n${mendedPatch}\`\`\`\n` }] },
  {
    when: /full answer, and run the tests/,
    plan: { ...fullPlan, roles: ["coder", "runner"] },
    rounds: [lookAround, { toolCalls: [call("c4", "run_command", { command: ["pytest", "test_parser.py"] })] }, { content: fullAnswer }],
  },
  { when: /full answer/, plan: fullPlan, rounds: [lookAround, { content: fullAnswer }] },
  { when: /slow/, rounds: [{ content: slowAnswer }], ...slowly },
  { when: /steady/, rounds: [{ content: steadyAnswer }], ...slowly },
  {
    when: /trace/,
    rounds: [{ toolCalls: [call("c1", "read_lines", { path: "attachment:trace.log" })] }, { content: "It failed at `attachment:trace.log:2`." }],
  },
  { when: /spoil/, plan: { edit: true }, rounds: [{ content: `Here:\n\n\`\`\`diff\n${lostPatch}\`\`\`\n` }] },
  { when: /hostile/, rounds: [{ content: hostileAnswer }] },
  { when: /engine/, rounds: [{ error: { message: "the engine died", type: "server_error" }, status: 500 }] },
  { when: /^/, rounds: [(question) => ({ content: `You asked: ${question}` })] },
];

function textOf(message) {
  return typeof message.content === "string" ? message.content : message.content.map(({ text }) => text).join("");
}

function read(request) {
  const asked = request.messages.findLastIndex((message) => message.role === "user");
  const isPlan = textOf(request.messages[0]).includes("Manager");
  const question = textOf(request.messages[asked]).split(isPlan ? "The user asks:\n" : /The question(?: was)?:\n/).at(-1).trim();
  const round = request.messages.slice(asked).filter((message) => message.role === "assistant").length;
  return { isPlan, question, round, script: scripts.find(({ when }) => when.test(question)) };
}

function makeReply(request) {
  const { isPlan, question, round, script } = read(request);
  if (isPlan) return { content: JSON.stringify({ roles: ["coder"], searches: [], web_searches: [], edit: false, ...script.plan }) };
  const reply = script.rounds[Math.min(round, script.rounds.length - 1)];
  return typeof reply === "function" ? reply(question) : reply;
}

// `url`, `variables` for a program that is to use it, stop().
export async function startModel() {
  const mock = new LLMock({ port: 0, chunkSize: 40 });
  for (const script of scripts) {
    const plays = (request) => !read(request).isPlan && read(request).script === script;
    mock.addFixture({ match: { predicate: plays }, response: makeReply, chunkSize: script.chunkSize, ...script.options });
  }
  mock.addFixture({ match: { predicate: (request) => read(request).isPlan }, response: makeReply });
  await mock.start();
  return { url: mock.url, variables: { LLM_URL: `${mock.url}/v1`, LLM_HEALTH_PATH: "/health", LLM_MODEL: "gpt-4o" }, stop: () => mock.stop() };
}
