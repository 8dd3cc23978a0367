// A unified diff: files, hunks, lines with their numbers before and after, and what can be done with it.
import { copyButton, h, icon } from "./dom.js";
import { formatCount } from "./format.js";

// The lines of a unified diff as {kind, text, before, after}; kind is "file", "hunk", "added", "removed", "same" or
// "note". Counts of a hunk tell its lines from what only looks like a header.
export function parseDiff(patch) {
  const lines = [];
  let before = 0;
  let after = 0;
  let beforeLeft = 0;
  let afterLeft = 0;
  for (const text of patch.replace(/\n$/, "").split("\n")) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
    if (hunk) {
      [before, after] = [Number(hunk[1]), Number(hunk[3])];
      [beforeLeft, afterLeft] = [Number(hunk[2] ?? 1), Number(hunk[4] ?? 1)];
      lines.push({ kind: "hunk", text });
    } else if (beforeLeft <= 0 && afterLeft <= 0) {
      lines.push({ kind: text.startsWith("\\") ? "note" : "file", text });
    } else if (text.startsWith("+")) {
      lines.push({ kind: "added", text: text.slice(1), after: after++ });
      afterLeft -= 1;
    } else if (text.startsWith("-")) {
      lines.push({ kind: "removed", text: text.slice(1), before: before++ });
      beforeLeft -= 1;
    } else if (text.startsWith("\\")) {
      lines.push({ kind: "note", text });
    } else {
      lines.push({ kind: "same", text: text.slice(1), before: before++, after: after++ });
      beforeLeft -= 1;
      afterLeft -= 1;
    }
  }
  return lines;
}

export function filesOfDiff(patch) {
  const names = [...patch.matchAll(/^\+\+\+ (?:b\/)?([^\t\n]+)/gm)].map(([, name]) => name);
  return names.filter((name) => name !== "/dev/null");
}

// `edit`: {patch, files?, applies?, reason?}. `onVerify(patch)` runs the tests with it; null = that can't be done here.
export function makeDiff(edit, onVerify) {
  const lines = parseDiff(edit.patch);
  const files = edit.files?.length > 0 ? edit.files : filesOfDiff(edit.patch);
  const shown = lines.filter(({ kind }) => kind !== "file" || files.length !== 1); // one file is named in the head
  const count = (kind) => lines.filter((line) => line.kind === kind).length;
  const head = h(
    "header",
    { class: "card-head" },
    h("span", { class: "path" }, files.join(", ") || "Patch"),
    h("span", { class: "added-count", title: formatCount(count("added"), "line") + " added" }, `+${count("added")}`),
    h("span", { class: "removed-count", title: formatCount(count("removed"), "line") + " removed" }, `−${count("removed")}`),
    h("span", { class: "spacer" }),
    copyButton("Copy the diff", () => edit.patch),
    onVerify &&
      edit.applies !== false &&
      h("button", { type: "button", class: "small-button", onclick: () => onVerify(edit.patch) }, icon("run"), "Verify"),
  );
  const doesNotApply =
    edit.applies === false && h("p", { class: "fault" }, icon("warning"), `It does not apply: ${edit.reason ?? "no reason was given"}`);
  const body = h("pre", { class: "code diff", tabindex: 0, role: "region", "aria-label": "Diff" }, h("code", {}, shown.map(makeLine)));
  return h("section", { class: "card diff-card", "data-patch": edit.patch, "aria-label": `Diff of ${files.join(", ") || "a patch"}` }, head, doesNotApply, body);
}

const signs = { added: "+", removed: "-", same: " " };

function makeLine({ kind, text, before, after }) {
  return h(
    "span",
    { class: `line ${kind}`, "data-line": after ?? before ?? "" },
    signs[kind] && h("span", { class: "sign" }, signs[kind]),
    `${text}\n`,
  );
}
