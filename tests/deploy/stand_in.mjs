// Takes the place of a program that the operator's documents name and that can't run here: refuses what the deployment's
// files don't have.   node stand_in.mjs PROGRAM ARGUMENTS…   Logs are those of the servers that documents_test.mjs started.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { readText, root } from "./support.mjs";

const [program, ...args] = process.argv.slice(2);

function refuse(reason) {
  console.error(`stand-in for ${program} ${args.join(" ")}: ${reason}`);
  process.exit(1);
}

function demand(condition, reason) {
  if (!condition) refuse(reason);
}

const isFlag = (word) => word.startsWith("-");
const showLog = (component) => process.stdout.write(readFileSync(path.join(process.env.LOGS, `${component}.log`)));

// The value of an option that has one, taken out of `words`.
function takeOption(words, ...names) {
  const index = words.findIndex((word) => names.includes(word));
  return index < 0 ? undefined : words.splice(index, 2)[1];
}

function compose(words) {
  const file = takeOption(words, "-f");
  demand(file && existsSync(path.join(root, file)), `no file ${file}`);
  const { services } = parse(readText(file), { merge: true });
  const profile = takeOption(words, "--profile");
  demand(!profile || Object.values(services).some((service) => service.profiles?.includes(profile)), `no profile ${profile}`);
  const [verb, ...rest] = words;
  demand(["build", "up", "down", "ps", "logs", "restart", "stop", "start", "pull", "exec"].includes(verb), `no command ${verb}`);
  const named = verb === "exec" ? rest.filter((word) => !isFlag(word)).slice(0, 1) : rest.filter((word) => !isFlag(word));
  for (const name of named) demand(name in services, `no service ${name}`);
  if (verb === "logs") named.forEach(showLog);
}

const stages = () => [...readText("deploy/Dockerfile").matchAll(/^FROM \S+ AS (\w+)$/gm)].map(([, name]) => name);

function docker(words) {
  const [verb, ...rest] = words;
  if (verb === "compose") return compose(rest);
  if (verb === "build") {
    demand(takeOption(rest, "-f") === "deploy/Dockerfile", "no such Dockerfile");
    demand(stages().includes(takeOption(rest, "--target")), "no such target");
    demand(takeOption(rest, "-t") !== undefined && rest.length === 1 && rest[0] === ".", "wants -t TAG and .");
    return undefined;
  }
  if (verb === "push") return demand(stages().some((stage) => rest[0].includes(`/code-helper-${stage}:`)), `no image ${rest[0]}`);
  demand(verb === "run" || (verb === "volume" && ["rm", "inspect"].includes(rest[0])), `no command ${verb}`);
  const file = parse(readText("deploy/compose.yaml"), { merge: true });
  const volumes = Object.keys(file.volumes).map((volume) => `${file.name}_${volume}`);
  const used = rest.filter((word) => word.startsWith(`${file.name}_`)).map((word) => word.split(":")[0]);
  demand(used.length > 0, "names no volume");
  for (const volume of used) demand(volumes.includes(volume), `no volume ${volume}`);
  return undefined;
}

// kubectl itself, against the stand-in of a cluster; what needs more of a cluster than answers is looked up instead.
function kubectl(words) {
  const call = (...rest) => {
    const cluster = ["--server", process.env.CLUSTER, "--kubeconfig", "/dev/null", "--cache-dir", path.join(process.env.LOGS, "kubectl")];
    const done = spawnSync(process.env.KUBECTL, [...(rest[0] === "kustomize" ? [] : cluster), ...rest], { cwd: root, encoding: "utf8" });
    process.stdout.write(done.stdout);
    process.stderr.write(done.stderr);
    if (done.status !== 0) process.exit(done.status ?? 1);
  };
  if (words[0] === "apply" || words[0] === "diff") return call("kustomize", takeOption(words, "-k") ?? refuse("wants -k"));
  const namespace = takeOption(words, "-n");
  if (words[0] === "port-forward") return call("get", words[1], "-n", namespace);
  if (words[0] === "cp") return call("get", "pod", words.at(-1).split(":")[0], "-n", namespace);
  return call(...words, ...(namespace ? ["-n", namespace] : []));
}

const isUnit = (unit) => existsSync(path.join(root, "deploy/systemd", unit.endsWith(".service") ? unit : `${unit}.service`));

const programs = {
  docker,
  kubectl,
  systemctl: ([verb, ...units]) => {
    demand(["daemon-reload", "enable", "restart", "stop", "start", "status"].includes(verb), `no command ${verb}`);
    for (const unit of units.filter((word) => !isFlag(word))) demand(isUnit(unit), `no unit ${unit}`);
  },
  journalctl: (words) => {
    const unit = takeOption(words, "-u");
    demand(isUnit(unit), `no unit ${unit}`);
    showLog(unit.replace("codehelper-", ""));
  },
  "systemd-sysusers": (files) => files.forEach((file) => demand(existsSync(path.join(root, file)), `no file ${file}`)),
  install: (words) => {
    const isFolder = words.includes("-d");
    for (const option of ["-m", "-o", "-g"]) takeOption(words, option);
    if (!isFolder) words.slice(0, -1).filter((word) => !isFlag(word)).forEach((file) => demand(existsSync(path.join(root, file)), `no file ${file}`));
  },
  cmake: (words) => {
    const presets = JSON.parse(readText("CMakePresets.json"));
    const preset = takeOption(words, "--preset");
    demand(preset || words[0] === "--install", "wants --preset or --install");
    if (preset) demand(presets[words.includes("--build") ? "buildPresets" : "configurePresets"].some(({ name }) => name === preset), `no preset ${preset}`);
  },
  "deploy/setup.sh": (words) => demand(words.length === 0, "unknown argument"),
};

programs[program](args);
