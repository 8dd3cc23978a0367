// Debian's package of what was built here: its files, rights, scripts and fields, and that making it again gives the same
// bytes. tests/deploy/package.sh installs one into a fresh Debian.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after } from "node:test";
import { binary, buildTree, readText, root, run, tryRun } from "./support.mjs";

const place = mkdtempSync(path.join(tmpdir(), "package-"));
after(() => rmSync(place, { recursive: true }));

function makePackage(name, umask) {
  const folder = path.join(place, name);
  const config = path.join(buildTree, "CPackConfig.cmake");
  const cpack = ["cpack", "--config", config, "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip"];
  const made = tryRun("sh", "-c", `umask ${umask} && exec "$@"`, "sh", ...cpack);
  assert.equal(made.status, 0, made.stdout + made.stderr);
  rmSync(path.join(folder, "_CPack_Packages"), { recursive: true });
  return path.join(folder, readdirSync(folder).find((file) => file.endsWith(".deb")));
}

const deb = makePackage("first", "022");
const tree = path.join(place, "tree");
run("dpkg-deb", "-R", deb, tree);
const inPackage = (file) => readFileSync(path.join(tree, file), "utf8");
const field = (name) => run("dpkg-deb", "-f", deb, name).trim();

// "-rwxr-xr-x root/root" by path.
const contents = new Map(
  [...run("dpkg-deb", "-c", deb).matchAll(/^(\S+ \S+) +\d+ \S+ \S+ \.(\/.*?)\/?$/gm)].map(([, rights, file]) => [file, rights]),
);

test("package: its fields are those that Debian asks for, and its version is the program's", () => {
  for (const name of ["Maintainer", "Description", "Section", "Priority", "Installed-Size"]) assert.notEqual(field(name), "", name);
  assert.equal(field("Package"), "codehelper");
  assert.equal(field("Architecture"), run("dpkg", "--print-architecture").trim());
  assert.equal(`codehelper ${field("Version")}`, run(binary, "--version").trim());
  for (const name of ["libc6", "libssl3", "libgit2-1.5", "libsqlite3-0"]) assert.match(field("Depends"), new RegExp(`\\b${name} \\(`));
  assert.match(field("Depends"), /\bca-certificates\b/);
});

test("package: every file is where Debian has such files, root's, and closed to others only where secrets belong", () => {
  for (const file of [
    "/usr/bin/codehelper",
    "/usr/lib/systemd/system/codehelper-api.service",
    "/usr/lib/systemd/system/codehelper-runner.service",
    "/usr/lib/sysusers.d/codehelper.conf",
    "/usr/lib/tmpfiles.d/codehelper.conf",
    "/usr/share/man/man1/codehelper.1.gz",
    "/usr/share/bash-completion/completions/codehelper",
    "/usr/share/zsh/vendor-completions/_codehelper",
    "/usr/share/fish/vendor_completions.d/codehelper.fish",
    "/usr/share/doc/codehelper/copyright",
    "/usr/share/doc/codehelper/changelog.gz",
    "/usr/share/doc/codehelper/CHANGELOG.md",
    "/usr/share/doc/codehelper/sbom.cdx.json",
    "/usr/share/doc/codehelper/third-party-licenses.txt.gz",
  ]) {
    assert.ok(contents.has(file), file);
  }
  for (const [file, rights] of contents) {
    const isSecret = /^\/etc\/codehelper\/.*\.env$/.test(file);
    const isProgram = file === "/usr/bin/codehelper";
    const expected = rights.startsWith("d") || isProgram ? "rwxr-xr-x" : isSecret ? "rw-------" : "rw-r--r--";
    assert.equal(rights.slice(1), `${expected} root/root`, file);
    assert.doesNotMatch(file, /^\/(usr\/local|srv|var|home|opt)/);
  }
});

test("package: what may be edited is kept over upgrades", () => {
  const editable = [...contents].filter(([file, rights]) => file.startsWith("/etc/") && !rights.startsWith("d"));
  assert.deepEqual(inPackage("DEBIAN/conffiles").trim().split("\n").sort(), editable.map(([file]) => file).sort());
  for (const [file] of editable) {
    // As it comes, a setting is a comment: the units' own are in force.
    assert.doesNotMatch(inPackage(file), /^[^#\n]/m);
  }
});

test("package: the units are those of deploy/systemd with the packaged program", () => {
  for (const unit of ["codehelper-api.service", "codehelper-runner.service"]) {
    const packed = inPackage(`usr/lib/systemd/system/${unit}`);
    assert.equal(packed, readText(`deploy/systemd/${unit}`).replaceAll("/usr/local/bin/", "/usr/bin/"));
    assert.ok(contents.has(/^ExecStart=(\S+)/m.exec(packed)[1]));
  }
});

test("package: the scripts are valid, and end at once when the system isn't run by systemd", () => {
  const bin = path.join(place, "bin");
  mkdirSync(bin);
  const record = path.join(place, "calls");
  for (const name of ["systemd-sysusers", "systemd-tmpfiles", "systemctl", "deb-systemd-helper", "deb-systemd-invoke", "rm"]) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\necho ${name} "$@" >> ${record}\n`, { mode: 0o755 });
  }
  const call = (script, ...args) => {
    writeFileSync(record, "");
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    run("env", "-i", `PATH=${env.PATH}`, "sh", "-eu", path.join(tree, "DEBIAN", script), ...args);
    return readFileSync(record, "utf8").trim().split("\n");
  };
  for (const script of ["postinst", "prerm", "postrm"]) {
    assert.equal(statSync(path.join(tree, "DEBIAN", script)).mode & 0o777, 0o755);
    assert.equal(tryRun("sh", "-n", path.join(tree, "DEBIAN", script)).status, 0);
  }
  // Users come before the folders that they own, both before anything is enabled.
  const configured = call("postinst", "configure", "");
  assert.deepEqual(configured.slice(0, 2), [
    "systemd-sysusers codehelper.conf",
    "systemd-tmpfiles --create codehelper.conf",
  ]);
  assert.ok(configured.includes("deb-systemd-helper --quiet was-enabled codehelper-api.service"));
  assert.ok(configured.includes("deb-systemd-helper enable codehelper-runner.service"));
  // Only purging deletes, and neither users nor repositories.
  assert.ok(!call("postrm", "remove").some((line) => line.startsWith("rm ")));
  assert.deepEqual(
    call("postrm", "purge").filter((line) => line.startsWith("rm ")),
    ["rm -rf /var/lib/codehelper /var/cache/codehelper-runner /etc/codehelper"],
  );
});

test("package: the program in it starts, and its manual and completions are its own", () => {
  assert.equal(run(path.join(tree, "usr/bin/codehelper"), "--version"), run(binary, "--version"));
  assert.equal(run("gzip", "-dc", path.join(tree, "usr/share/man/man1/codehelper.1.gz")), run(binary, "man"));
  assert.equal(inPackage("usr/share/bash-completion/completions/codehelper"), run(binary, "completion", "bash"));
});

test("package: making it again gives the same bytes, whatever the umask", () => {
  const again = makePackage("second", "077");
  assert.equal(path.basename(again), path.basename(deb));
  assert.equal(run("sha256sum", again).split(" ")[0], run("sha256sum", deb).split(" ")[0]);
});

test("package: lintian finds no error", (t) => {
  if (tryRun("lintian", "--version").status !== 0) return t.skip("lintian isn't installed");
  // The dev build isn't stripped.
  const checked = tryRun("lintian", "--allow-root", "--fail-on", "error", "--suppress-tags", "unstripped-binary-or-object", deb);
  assert.equal(checked.status, 0, checked.stdout);
});
