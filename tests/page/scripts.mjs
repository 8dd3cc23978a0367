// What the scripted crew does, by what it is asked. Paths and lines are those of the sample repository.
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const headersCode = 'def parse_headers(text):\n    """Splits header lines into names and values."""\n    return dict(line.split(\': \', 1) for line in text.splitlines())\n';

export const headersSource = { path: "parser.py", start_line: 4, end_line: 6, score: 0.93, verified: true, text: headersCode, language: "python" };
export const routerSource = { path: "net/router.cpp", start_line: 66, end_line: 71, score: 0.71, verified: true, language: "cpp" };
export const lostSource = { path: "server.py", start_line: 40, end_line: 44, score: 0.2, verified: false, text: "", language: "python" };

export const patch = `--- a/parser.py
+++ b/parser.py
@@ -3,4 +3,7 @@
 
 def parse_headers(text):
-    """Splits header lines into names and values."""
-    return dict(line.split(': ', 1) for line in text.splitlines())
+    """Splits header lines into names and values; lines without a colon are left out."""
+    pairs = (line.partition(':') for line in text.splitlines())
+    return {name.strip(): value.strip() for name, colon, value in pairs if colon}
+
`;

export const receipt = {
  run_id: "exec-7f3a", argv: ["pytest"], exit_code: 0, timed_out: false, duration_seconds: 0.84, tests_outcome: "passed",
  tests: { run: 2, failed: 0, skipped: 0, unit: "tests" },
  stdout_sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  stderr_sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
};

const fullAnswer = `Headers are split by \`parse_headers\` in \`parser.py:4-6\`: each line is cut at the first \`": "\` into a name and a value.

Requests find their handler by the **router** (net/router.cpp:66-71), which refuses a template that is taken twice. Nothing checks the port that the server is given: server.py:40-44 [unverified].

### What is not handled

| input | now | wanted |
|---|---|---|
| a line without a colon | \`ValueError\` | left out |
| blanks around the value | kept | removed |

A change that handles both, tested below:

\`\`\`diff
${patch}\`\`\`

The same thing is used by the tests, see \`parser.py:4\`.`;

async function playFull(run) {
  run.tell("plan", { roles: ["coder", "runner"], searches: ["parse headers", "route requests"], wants_edit: true, run_tests: true });
  run.tell("step", { role: "manager", action: "plan", outcome: "The code is searched twice, and the tests are run.", seconds: 0.41 });
  run.tell("token", { text: "I look at the parser first.", round: 1 });
  run.tell("tool_call", { id: "c1", name: "search_code", arguments: { query: "parse headers", limit: 5 }, round: 1 });
  await pause(30);
  run.tell("tool_result", { id: "c1", name: "search_code", ok: true, summary: "5 places in 3 files", bytes: 6210, seconds: 0.038, output: "parser.py:4-6\nnet/http.cpp:63-77\n…" });
  run.tell("tool_call", { id: "c2", name: "read_lines", arguments: { path: ".env" }, round: 1 });
  run.tell("tool_result", { id: "c2", name: "read_lines", ok: false, summary: ".env is not shown: secret", bytes: 0, seconds: 0.002, output: "" });
  run.tell("step", { role: "coder", action: "search_code", outcome: "2 places answer the question.", seconds: 1.2 });
  run.tell("tool_call", { id: "c3", name: "run_tests", arguments: { command: ["pytest"] }, round: 2 });
  run.tell("output", { stream: "stdout", text: "..                                              [100%]\n" });
  run.tell("output", { stream: "stdout", text: "2 passed in 0.02s\n" });
  run.tell("tool_result", { id: "c3", name: "run_tests", ok: true, summary: "2 tests ran, 0 failed", bytes: 71, seconds: 0.84, output: "..\n2 passed in 0.02s\n" });
  run.tell("step", { role: "runner", action: "run_tests", outcome: "The tests passed: pytest ran 2 tests.", seconds: 0.9 });
  for (const source of [headersSource, routerSource]) run.tell("citation", source);
  for (const piece of fullAnswer.match(/[^]{1,40}/g)) {
    run.tell("token", { text: piece, round: 3 });
    await pause(2);
  }
  run.tell("usage", { prompt_tokens: 5210, completion_tokens: 412, estimated: false });
  run.finish({
    response: fullAnswer,
    sources: [headersSource, routerSource, lostSource],
    steps: [
      { role: "manager", action: "plan", outcome: "The code is searched twice, and the tests are run.", seconds: 0.41 },
      { role: "coder", action: "search_code", outcome: "2 places answer the question.", seconds: 1.2 },
      { role: "runner", action: "run_tests", outcome: "The tests passed: pytest ran 2 tests.", seconds: 0.9 },
    ],
    usage: { prompt_tokens: 5210, completion_tokens: 412, estimated: false },
    edits: [{ patch, applies: true, files: ["parser.py"] }, { patch: patch.replaceAll("parser.py", "server.py"), applies: false, reason: "hunk 1 of server.py: line 4 is another one", files: ["server.py"] }],
    receipts: [receipt],
    notes: ["The model's context was nearly full; older results were shortened."],
  });
}

async function playSlow(run) {
  for (let word = 1; !run.isStopped; word += 1) {
    run.tell("token", { text: `word ${word} `, round: 1 });
    await pause(40);
  }
}

async function playBroken(run) {
  run.tell("token", { text: "Before the break, ", round: 1 });
  await pause(60);
  run.breakOff();
  await pause(300);
  run.tell("token", { text: "after the break.", round: 1 });
  run.finish({ response: "Before the break, after the break." });
}

// What a hostile page or repository may have made a model write.
export const hostileAnswer = `<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">

[a link](javascript:window.hacked=3) and ![a picture](https://example.com/pixel.png?secret) and <b>bold</b> \`std::vector<int>\` and std::map<int, int>

<iframe src="https://example.com"></iframe><style>body { display: none }</style>

- [x] done
- [ ] open

| <u>cell</u> | b |
|---|---|
| 1 | 2 |`;

export const chatScripts = [
  { when: /full/i, play: playFull },
  { when: /slow/i, play: playSlow },
  { when: /break/i, play: playBroken },
  { when: /hostile/i, play: async (run) => run.finish({ response: hostileAnswer }) },
  { when: /fail/i, play: async (run) => run.tell("error", { error: "unavailable", message: "The model server can't be reached; start it or correct LLM_URL.", request_id: "r" }) },
  { when: /./, play: async (run, { message }) => run.finish({ response: `You asked: ${message}` }) },
];

async function playTests(run, body, isGone) {
  run.tell("queued", { position: 1 });
  run.tell("started", {});
  for (let line = 1; line <= 4; line += 1) {
    run.tell("output", { stream: line === 3 ? "stderr" : "stdout", text: `\u001b[32mline ${line}\u001b[0m\n` });
    await pause(15);
  }
  if (body.command?.[0] === "wait") {
    while (!isGone()) await pause(10);
    return;
  }
  run.tell("done", { success: true, exit_code: 0, summary: "pytest: exit status 0 after 0.8 s, 2 tests ran, 0 failed", stdout: "", stderr: "", duration_seconds: 0.84, timed_out: false, tests_outcome: "passed", tests: receipt.tests, command: ["pytest"], receipt });
}

async function playVerify(run, body) {
  run.tell("started", {});
  run.tell("output", { stream: "stdout", text: "1 failed, 1 passed in 0.03s\n" });
  const failed = { ...receipt, exit_code: 1, tests_outcome: "failed", tests: { run: 2, failed: 1, skipped: 0, unit: "tests" } };
  run.tell("output", { stream: "stdout", text: "2 passed in 0.02s\n" });
  run.tell("done", { success: true, exit_code: 0, summary: "pytest: 2 tests ran, 0 failed", stdout: "", stderr: "", duration_seconds: 1.6, timed_out: false, tests_outcome: "passed", tests: receipt.tests, command: ["pytest"], receipt, patch: body.patch, attempts: [{ patch: body.patch, receipt: failed, summary: "1 of 2 tests failed" }, { patch: body.patch, receipt, summary: "2 tests passed" }] });
}

export const runScripts = [
  { when: /$^/, run: ({ action, patch: given }) => action === "verify" && given.includes("refused"), play: async (run) => run.tell("error", { error: "patch_does_not_apply", message: "hunk 1 of parser.py: line 4 is another one", request_id: "r" }) },
  { when: /$^/, run: ({ action }) => action === "verify", play: playVerify },
  { when: /$^/, run: ({ action }) => action === "run_tests", play: playTests },
];
