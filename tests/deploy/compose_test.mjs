// deploy/compose.yaml: it follows the specification, names only what exists, and gives each part no more than it needs.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import Ajv from "ajv";
import { parse } from "yaml";
import { isSetting, projectVersion, readSettings, readText, root } from "./support.mjs";

const text = readText("deploy/compose.yaml");
const compose = parse(text, { merge: true });
const { services, networks } = compose;
const duration = /^(\d+(\.\d+)?(us|ms|s|m|h))+$/;
const own = { api: "serve-api", runner: "serve-runner" };
const networkNames = (service) => Object.values(services[service].networks);

test("compose: follows the specification's schema", () => {
  // Without the name of its draft, which it spells as ajv doesn't; formats that only Docker knows are left to it.
  const { $schema, ...schema } = JSON.parse(readText("tests/deploy/node_modules/dclint/schemas/compose.schema.json"));
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    formats: { duration, expose: true, ports: true, subnet_ip_address: true },
  });
  ajv.validate(schema, compose);
  assert.deepEqual(
    (ajv.errors ?? []).map((fault) => `${fault.instancePath} ${fault.message} ${JSON.stringify(fault.params)}`),
    [],
  );
});

test("compose: every network, volume, config and service that is named is defined", () => {
  for (const [name, service] of Object.entries(services)) {
    for (const network of networkNames(name)) assert.ok(network in networks, `${name}: ${network}`);
    for (const volume of service.volumes) {
      const source = volume.replace(/\$\{\w+:-(\w+)\}/, "$1").split(":")[0];
      assert.ok(source in compose.volumes, `${name}: ${source}`);
    }
    for (const config of service.configs ?? [])
      assert.ok(config.source in compose.configs, `${name}: ${config.source}`);
    for (const other of Object.keys(service.depends_on ?? {}))
      assert.ok(services[other]?.healthcheck, `${name}: ${other}`);
    if (service.build)
      assert.ok(existsSync(path.join(root, "deploy", service.build.context, service.build.dockerfile)));
    if (service.build)
      assert.match(readText("deploy/Dockerfile"), new RegExp(`^FROM \\w+ AS ${service.build.target}$`, "m"));
  }
  for (const { file } of Object.values(compose.configs)) assert.ok(existsSync(path.join(root, "deploy", file)), file);
});

test("compose: every variable is a setting of the mode that reads it, or is explained to the operator", () => {
  for (const [service, mode] of Object.entries(own)) {
    for (const name of Object.keys(services[service].environment))
      assert.ok(isSetting(name, mode), `${service}: ${name}`);
  }
  const explained = readText("deploy/RUNBOOK.md");
  for (const [, name] of text.matchAll(/\$\{(\w+)/g)) {
    const known = readSettings().some((setting) => setting.name === name);
    assert.ok(known || explained.includes(`\`${name}\``), name);
  }
});

test("compose: images have the project's version, or one that is pinned", () => {
  for (const [name, { image }] of Object.entries(services)) {
    const expected = name in own ? `code-helper-${name}:${projectVersion()}` : /^[\w/]+:\d+\.\d+\.\d+$/;
    assert.match(image, new RegExp(expected), name);
  }
  assert.match(services.chroma.image, /^chromadb\/chroma:1\.0\.\d+$/);
});

test("compose: every service is confined, bounded, watched and restarted", () => {
  for (const [name, service] of Object.entries(services)) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ["ALL"], name);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
    assert.equal(service.restart, "unless-stopped", name);
    assert.ok(service.tmpfs.length > 0, name);
    assert.ok(service.healthcheck.test.length > 1, name);
    for (const key of ["interval", "timeout", "start_period"])
      assert.match(service.healthcheck[key], duration, `${name}: ${key}`);
    for (const forbidden of ["privileged", "cap_add", "network_mode", "pid", "devices"])
      assert.ok(!(forbidden in service), name);
  }
  for (const name of Object.keys(own)) assert.doesNotMatch(services[name].user, /:-0/, name);
  assert.ok(
    services.api.ports.every((port) => port.startsWith("127.0.0.1:")),
    "published beyond this machine",
  );
});

test("compose: the workspace is at one path, read-only but for the Runner, which may start what it writes to /tmp", () => {
  const mounted = (service) => services[service].volumes.find((volume) => volume.includes(":/workspace"));
  assert.equal(mounted("runner"), "${WORKSPACE:-workspace}:/workspace");
  assert.equal(mounted("api"), "${WORKSPACE:-workspace}:/workspace:ro");
  for (const service of Object.keys(own)) assert.equal(services[service].environment.ALLOWED_ROOT, "/workspace");
  assert.match(services.runner.tmpfs[0], /^\/tmp:.*\bexec\b/);
});

test("compose: the Runner reaches neither Chroma nor the internet, and nobody but the API reaches Chroma", () => {
  for (const service of ["runner", "chroma"]) {
    assert.ok(
      networkNames(service).every((network) => networks[network].internal === true),
      service,
    );
  }
  const peers = (service) =>
    Object.keys(services).filter((other) =>
      networkNames(other).some((network) => networkNames(service).includes(network)),
    );
  assert.deepEqual(peers("runner").sort(), ["api", "runner"]);
  assert.deepEqual(peers("chroma").sort(), ["api", "chroma"]);
});

test("compose: the API's addresses are services on a network of its own, at the port that these listen on", () => {
  const listens = { runner: 8080, chroma: 8000 };
  const { RUNNER_URL, VECTOR_DB_URL } = services.api.environment;
  for (const address of [new URL(RUNNER_URL), new URL(VECTOR_DB_URL)]) {
    assert.equal(Number(address.port), listens[address.hostname], address.href);
    assert.ok(
      networkNames(address.hostname).some((network) => networkNames("api").includes(network)),
      address.href,
    );
  }
});

test("compose: a service that stops has the time to end what it does", () => {
  const drain = readSettings().find((setting) => setting.name === "CODEHELPER_DRAIN_SECONDS").standard;
  const [, api, runner] = /^(\d+); serve-runner (\d+)$/.exec(drain);
  assert.ok(parseInt(services.api.stop_grace_period) > Number(api));
  assert.ok(parseInt(services.runner.stop_grace_period) > Number(runner));
});
