// What a built codehelper is made of, as CycloneDX 1.5, from the build's own records:
//   node sbom.mjs PROGRAM BUILD_TREE VERSION     prints the bill of materials; its time is SOURCE_DATE_EPOCH
//   node sbom.mjs --licenses SBOM                prints the licences' texts of what is in the program itself
// Loaded libraries are those that ld.so finds; headers those that ninja saw compiled into the program's objects, with the
// Debian packages that own them; the grammars those that were compiled; the page's packages those that were bundled.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const npmFolders = ["src/index/grammars", "src/api/web"];

function run(command, ...args) {
  return execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
}

// The Debian package of each file that has one. /lib and /usr/lib are one folder, and either may be on record.
function ownersOf(files) {
  const asked = new Map();
  for (const file of files) {
    for (const name of [file, realpathSync(file)]) {
      asked.set(name, file);
      asked.set(name.replace(/^\/usr\/lib/, "/lib"), file);
    }
  }
  let lines;
  try {
    lines = run("dpkg-query", "-S", ...asked.keys());
  } catch (error) {
    lines = error.stdout ?? ""; // it fails when one of the names isn't known; without dpkg nothing is
  }
  const owners = new Map();
  for (const [, name, file] of lines.matchAll(/^([^\s:,]+)[^\s]*(?:, \S+)*: (\/.*)$/gm)) owners.set(asked.get(file), name);
  return owners;
}

// A short name in Debian's copyright files, as SPDX writes it.
const spdxNames = new Map([
  ["Expat", "MIT"],
  ["BSD-2-clause", "BSD-2-Clause"],
  ["BSD-3-clause", "BSD-3-Clause"],
  ["Apache-2", "Apache-2.0"],
  ["BSL-1", "BSL-1.0"],
  ["Boost-1.0", "BSL-1.0"],
]);
// Of source packages whose copyright file isn't in Debian's form.
const licensesBySource = new Map([
  ["gcc-12", { name: "GPL-3.0-or-later WITH GCC-exception-3.1" }],
  ["glibc", { id: "LGPL-2.1-or-later" }],
  ["krb5", { id: "MIT" }],
  ["ncurses", { name: "X11" }],
]);
const spdxIds = /^(MIT|ISC|Zlib|BSL-1\.0|Apache-2\.0|BSD-[23]-Clause|MPL-2\.0|CC0-1\.0|[AL]?GPL-[0-9.]+-(only|or-later))$/;

// What its copyright file says of the package's main part; the file itself where that isn't in Debian's form.
function debianLicense(name, source) {
  if (licensesBySource.has(source)) return licensesBySource.get(source);
  const file = `/usr/share/doc/${name}/copyright`;
  if (!existsSync(file)) return { name: "unknown" };
  const text = readFileSync(file, "utf8");
  const main = /^Files:\s*\*\n(?:.*\n)*?License:\s*(.+)$/m.exec(text)?.[1] ?? /^License:\s*(.+)$/m.exec(text)?.[1];
  if (!main || !/^[\w.+-]+(?: .*)?$/.test(main)) return { name: `see ${file}` };
  const id = spdxNames.get(main) ?? main;
  return spdxIds.test(id) ? { id } : { name: id };
}

function debianComponents(files, linkage) {
  const owners = ownersOf(files);
  const names = [...new Set(owners.values())].sort();
  const format = "${Package}\t${Version}\t${Architecture}\t${source:Package}\n";
  const rows = names.length === 0 ? "" : run("dpkg-query", "-W", `-f=${format}`, ...names);
  const components = [...rows.matchAll(/^(.+)\t(.+)\t(.+)\t(.+)$/gm)].map(([, name, version, architecture, source]) => ({
    type: "library",
    "bom-ref": `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
    name,
    version,
    licenses: [{ license: debianLicense(name, source) }],
    purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
    properties: [{ name: "codehelper:linkage", value: linkage }],
  }));
  const strangers = files.filter((file) => !owners.has(file) && !file.startsWith(root));
  for (const name of new Set(strangers.map((file) => path.basename(file)))) {
    components.push({
      type: "library",
      "bom-ref": `file:${name}`,
      name,
      licenses: [{ license: { name: "unknown" } }],
      properties: [{ name: "codehelper:linkage", value: linkage }],
    });
  }
  return components;
}

function loadedLibraries(program) {
  return [...run("ldd", program).matchAll(/(\/\S+) \(0x/g)].map(([, file]) => file);
}

// What ninja noted for the program's own objects (and its precompiled headers), not for those of the tests.
function compiledFiles(build) {
  const files = new Set();
  let isOurs = false;
  for (const line of run("ninja", "-C", build, "-t", "deps").split("\n")) {
    if (line.startsWith("    ")) {
      if (isOurs) files.add(path.resolve(build, line.trim()));
    } else if (line !== "") {
      isOurs = /^(src|modes)\//.test(line);
    }
  }
  return [...files].filter((file) => existsSync(file));
}

function bundledFiles(build) {
  const depfile = readFileSync(path.join(build, "src/api/web/page_assets.cpp.d"), "utf8");
  return depfile.slice(depfile.indexOf(": ") + 2).trim().split(/\s+/);
}

function npmComponents(folder, files, linkage) {
  const { packages } = JSON.parse(readFileSync(path.join(root, folder, "package-lock.json"), "utf8"));
  const place = `${path.join(root, folder)}/`;
  const inside = files.map((file) => (file.startsWith(place) ? file.slice(place.length) : ""));
  const used = new Set(inside.map((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  return [...used].sort().map((key) => {
    const { version, license, integrity } = packages[key];
    const [scope, plain] = /^node_modules\/(?:(@[^/]+)\/)?(.+)$/.exec(key).slice(1);
    const purl = `pkg:npm/${scope ? `${encodeURIComponent(scope)}/` : ""}${plain}@${version}`;
    const isOne = spdxIds.test(license);
    return {
      type: "library",
      "bom-ref": purl,
      ...(scope && { group: scope }),
      name: plain,
      version,
      hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") }],
      licenses: [isOne ? { license: { id: license } } : { expression: license.replace(/^\(|\)$/g, "") }],
      purl,
      properties: [
        { name: "codehelper:linkage", value: linkage },
        { name: "codehelper:folder", value: `${folder}/${key}` },
      ],
    };
  });
}

export function makeBill(program, build, version) {
  const compiled = compiledFiles(build);
  const headers = compiled.filter((file) => file.startsWith("/usr/"));
  const parts = [
    ...debianComponents(loadedLibraries(program), "loaded"),
    ...debianComponents(headers, "compiled in from headers"),
    ...npmComponents(npmFolders[0], compiled, "compiled in"),
    ...npmComponents(npmFolders[1], bundledFiles(build), "in the chat page"),
  ];
  // Runtime libraries' headers come from packages of their own, so that no package is in two parts.
  const components = [...new Map(parts.map((part) => [part["bom-ref"], part])).values()];
  const self = `pkg:generic/codehelper@${encodeURIComponent(version)}`;
  const seconds = Number(process.env.SOURCE_DATE_EPOCH ?? Date.now() / 1000);
  const digest = createHash("sha256").update(JSON.stringify([self, components])).digest("hex");
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    // The same contents have the same number.
    serialNumber: `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
    version: 1,
    metadata: {
      timestamp: new Date(Math.trunc(seconds) * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": self,
        name: "codehelper",
        version,
        licenses: [{ license: { id: "MIT" } }],
        purl: self,
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map((component) => component["bom-ref"]) }],
  };
}

// The licence files of what is in the program; loaded libraries bring their own.
function licenseTexts(bill) {
  const property = (component, name) => component.properties.find((each) => each.name === `codehelper:${name}`)?.value;
  const texts = [];
  for (const component of bill.components.filter((each) => property(each, "linkage") !== "loaded")) {
    const folder = property(component, "folder");
    const place = folder ? path.join(root, folder) : `/usr/share/doc/${component.name}`;
    const files = existsSync(place) ? readdirSync(place).filter((file) => /^(licen[cs]e|copyright)/i.test(file)) : [];
    for (const file of files.sort()) {
      const title = `${component.name} ${component.version}`;
      texts.push(`${"=".repeat(100)}\n${title}\n\n${readFileSync(path.join(place, file), "utf8")}`);
    }
  }
  return texts.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, build, version] = process.argv.slice(2);
  if (first === "--licenses") {
    process.stdout.write(licenseTexts(JSON.parse(readFileSync(build, "utf8"))));
  } else {
    process.stdout.write(`${JSON.stringify(makeBill(first, build, version), null, 2)}\n`);
  }
}
