// deploy/cmake/version.cmake: what the version is in a repository before, at and behind a tag, and outside of one.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { binary, buildTree, root, run } from "./support.mjs";

// A folder with one commit (or without git), and the versions that a build in it would have.
function makePlace(t) {
  const place = mkdtempSync(path.join(tmpdir(), "version-"));
  t.after(() => rmSync(place, { recursive: true }));
  const source = path.join(place, "source");
  mkdirSync(source);
  writeFileSync(path.join(source, "CHANGELOG.md"), "");
  const git = (...args) =>
    run("git", "-C", source, "-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false", ...args);
  const commit = (text) => {
    writeFileSync(path.join(source, "file"), text);
    git("add", ".");
    git("commit", "-qm", text);
  };
  const output = path.join(place, "output");
  const version = (given = "") => {
    const values = { SOURCE: source, OUTPUT: output, RELEASE: "0.1.0", GIVEN: given };
    run("cmake", ...Object.entries(values).map(([name, value]) => `-D${name}=${value}`), "-P", `${root}/deploy/cmake/version.cmake`);
    return /"(.*)"/.exec(readFileSync(path.join(output, "version.cmake"), "utf8"))[1];
  };
  return { source, output, git, commit, version };
}

test("version: without git it is the project's", (t) => {
  const { version } = makePlace(t);
  assert.equal(version(), "0.1.0");
  assert.equal(version("1.2.3"), "1.2.3");
});

test("version: a folder inside another repository has none of its tags", (t) => {
  const { source, git, version } = makePlace(t);
  run("git", "init", "-q", path.dirname(source));
  assert.equal(git("rev-parse", "--show-prefix").trim(), "source/");
  assert.equal(version(), "0.1.0");
});

test("version: git's tags say it, and what lies between them and the build", (t) => {
  const { source, git, commit, version } = makePlace(t);
  git("init", "-q");
  commit("one");
  const before = version();
  assert.match(before, /^0\.1\.0~1\.g[0-9a-f]{7}$/);
  git("tag", "v0.1.0");
  const released = version();
  assert.equal(released, "0.1.0");
  git("tag", "nightly");
  assert.equal(version(), "0.1.0");
  commit("two");
  const after = version();
  assert.match(after, /^0\.1\.0\+1\.g[0-9a-f]{7}$/);
  writeFileSync(path.join(source, "file"), "changed");
  assert.equal(version(), `${after}.dirty`);
  assert.equal(version("7.0.0"), "7.0.0");
  for (const [older, newer] of [
    [before, released],
    [released, after],
    [after, "0.1.1"],
  ]) {
    run("dpkg", "--compare-versions", older, "lt", newer);
  }
});

test("version: the file that is compiled is written only when the version changes", (t) => {
  const { output, git, commit, version } = makePlace(t);
  git("init", "-q");
  commit("one");
  version();
  const written = () => statSync(path.join(output, "version.cpp"), { bigint: true }).mtimeNs;
  const first = written();
  version();
  assert.equal(written(), first);
  commit("two");
  version();
  assert.notEqual(written(), first);
});

test("version: one file of the build depends on it", () => {
  const dependants = run("ninja", "-C", buildTree, "-t", "query", path.join(buildTree, "src/base/version.cpp")).split("outputs:")[1];
  const objects = dependants.match(/\S+\.o$/gm);
  assert.deepEqual(objects.map((object) => path.basename(object)), ["version.cpp.o"]);
  const commands = readFileSync(path.join(buildTree, "compile_commands.json"), "utf8");
  assert.doesNotMatch(commands, /-DCODEHELPER_VERSION/);
});

test("version: the program says the version that it was built with", () => {
  const built = /"(.*)"/.exec(readFileSync(path.join(buildTree, "src/base/version.cmake"), "utf8"))[1];
  assert.equal(run(binary, "--version").trim(), `codehelper ${built}`);
});
