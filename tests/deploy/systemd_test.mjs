// deploy/systemd: systemd takes the units, they start the program as it is, and stay as closed as they are today.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { binary, isSetting, readSettings, readText, root, tryRun } from "./support.mjs";

const folder = path.join(root, "deploy/systemd");
const units = readdirSync(folder).filter((file) => file.endsWith(".service"));
const modeOf = (unit) => `serve-${/^codehelper-(\w+)\./.exec(unit)[1]}`;
const values = (unit, key) =>
  [...readText(`deploy/systemd/${unit}`).matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value);

// systemd-analyze's scale goes from 0, closed, to 10, open. The Runner's keeps open what confinement is made of.
const exposureLimits = { "codehelper-api.service": 1.4, "codehelper-runner.service": 3.4 };

test("systemd: it has nothing to say against the units", (t) => {
  const place = mkdtempSync(path.join(tmpdir(), "units-"));
  t.after(() => rmSync(place, { recursive: true }));
  // The program as it was built here in place of the installed one, which verify looks for.
  for (const unit of units) {
    const text = readFileSync(path.join(folder, unit), "utf8").replaceAll("/usr/local/bin/codehelper", binary);
    writeFileSync(path.join(place, unit), text);
  }
  const verified = tryRun("systemd-analyze", "verify", "--man=no", ...units.map((unit) => path.join(place, unit)));
  assert.equal(verified.stderr, "");
  assert.equal(verified.status, 0);
});

test("systemd: each unit is as closed as it was made", () => {
  for (const unit of units) {
    const rated = tryRun("systemd-analyze", "security", "--offline=yes", path.join(folder, unit));
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(rated.stdout)[1]);
    assert.ok(exposure <= exposureLimits[unit], `${unit}: ${exposure}`);
  }
});

test("systemd: each unit starts a mode with its settings, as a user that the list of users makes", (t) => {
  const place = mkdtempSync(path.join(tmpdir(), "users-"));
  t.after(() => rmSync(place, { recursive: true }));
  mkdirSync(path.join(place, "etc"));
  copyFileSync(path.join(folder, "codehelper.sysusers"), path.join(place, "codehelper.conf"));
  const made = tryRun("systemd-sysusers", `--root=${place}`, path.join(place, "codehelper.conf"));
  assert.equal(made.status, 0, made.stderr);
  const users = readFileSync(path.join(place, "etc/passwd"), "utf8");
  const groups = readFileSync(path.join(place, "etc/group"), "utf8");
  for (const unit of units) {
    assert.deepEqual(values(unit, "ExecStart"), [`/usr/local/bin/codehelper ${modeOf(unit)}`]);
    assert.match(users, new RegExp(`^${values(unit, "User")[0]}:`, "m"));
    assert.match(groups, new RegExp(`^${values(unit, "Group")[0]}:`, "m"));
    for (const name of values(unit, "Environment")
      .flatMap((line) => line.split(" "))
      .map((pair) => pair.split("=")[0])) {
      assert.ok(isSetting(name, modeOf(unit)) || name === "HOME", `${unit}: ${name}`);
    }
  }
  assert.notEqual(values(units[0], "User")[0], values(units[1], "User")[0]);
});

test("systemd: a unit that stops has the time to end what it does", () => {
  const drain = readSettings().find((setting) => setting.name === "CODEHELPER_DRAIN_SECONDS").standard;
  const [, api, runner] = /^(\d+); serve-runner (\d+)$/.exec(drain).map(Number);
  assert.ok(Number(values("codehelper-api.service", "TimeoutStopSec")[0]) > api);
  assert.ok(Number(values("codehelper-runner.service", "TimeoutStopSec")[0]) > runner);
});
