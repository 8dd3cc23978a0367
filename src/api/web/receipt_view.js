// The proof of a run: what was started, how it ended, and the sums of all that it wrote.
import { copyButton, h, icon } from "./dom.js";
import { formatSeconds } from "./format.js";

const verdicts = {
  passed: { text: "Tests passed", name: "good", icon: "check" },
  failed: { text: "Tests failed", name: "bad", icon: "close" },
  no_tests: { text: "No test ran", name: "bad", icon: "warning" },
  unknown: { text: "Not known whether tests ran", name: "unsure", icon: "warning" },
};

export function describeTests(tests) {
  if (!tests) return "";
  const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : "";
  return `${tests.run} ${tests.unit ?? "tests"} ran, ${tests.failed} failed${skipped}`;
}

export function makeVerdict(outcome) {
  const verdict = verdicts[outcome] ?? verdicts.unknown;
  return h("span", { class: `badge ${verdict.name}` }, icon(verdict.icon), verdict.text);
}

// As it would be typed: words that a shell would take apart are quoted.
export function formatCommand(words) {
  const isPlain = /^[\w@%+=:,./-]+$/;
  return words.map((word) => (isPlain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}

export function makeReceipt(receipt) {
  const rows = [
    ["Command", h("code", {}, formatCommand(receipt.argv))],
    ["Exit status", receipt.timed_out ? `${receipt.exit_code}, ended at its time limit` : String(receipt.exit_code)],
    ["Duration", formatSeconds(receipt.duration_seconds)],
    ["Tests", describeTests(receipt.tests) || "not told by the output"],
    ["Run", makeSum("Copy the id of the run", receipt.run_id)],
    ["Output SHA-256", makeSum("Copy the sum of the output", receipt.stdout_sha256)],
    ["Errors SHA-256", makeSum("Copy the sum of the errors", receipt.stderr_sha256)],
  ];
  const list = rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
  return h(
    "section",
    { class: "card receipt", "aria-label": "Receipt" },
    h("header", { class: "card-head" }, h("span", {}, "Receipt"), h("span", { class: "spacer" }), makeVerdict(receipt.tests_outcome)),
    h("dl", { class: "facts" }, list),
  );
}

function makeSum(label, sum) {
  return [h("code", { title: sum }, `${sum.slice(0, 16)}…`), copyButton(label, () => sum)];
}
