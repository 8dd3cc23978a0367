// deploy/k8s: every overlay, as kubectl renders it, fits Kubernetes' schema, itself, and the program.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { schemaFaults, unknownFields } from "./kubernetes_models.mjs";
import { isSetting, projectVersion, readSettings, readText, root, run } from "./support.mjs";

const namespace = "code-helper";
const modes = { "crew-api": "serve-api", runner: "serve-runner" };
const ingestLabels = { "app.kubernetes.io/name": "code-helper", "app.kubernetes.io/component": "ingest" };

// The Job of the template, with what the program sets in it.
function makeIngestJob() {
  const job = parse(readText("deploy/k8s/ingest-job.yaml"));
  job.metadata = {
    ...job.metadata,
    name: "ingest-0123abcd",
    namespace,
    labels: { ...job.metadata?.labels, ...ingestLabels },
  };
  job.spec.template.metadata = { labels: { ...job.spec.template.metadata?.labels, ...ingestLabels } };
  Object.assign(
    job.spec.template.spec.containers.find(({ name }) => name === "ingest"),
    { image: "code-helper-ingest", args: ["ingest", "/workspace/x"] },
  );
  return job;
}
const ingestJob = makeIngestJob();

class Rendered {
  constructor(overlay) {
    this.manifests = parseAllDocuments(run("kubectl", "kustomize", `deploy/k8s/overlays/${overlay}`)).map((each) =>
      each.toJS(),
    );
  }
  all(kind) {
    return this.manifests.filter((manifest) => manifest.kind === kind);
  }
  find(kind, name) {
    return this.all(kind).find((manifest) => manifest.metadata.name === name);
  }
  deployments() {
    return this.all("Deployment").map((each) => ({
      name: each.metadata.name,
      spec: each.spec,
      pod: each.spec.template,
    }));
  }
  // Every pod that will run, the ingest Job's too.
  pods() {
    return [...this.deployments(), { name: "ingest", pod: ingestJob.spec.template }];
  }
  podsWith(labels) {
    return this.pods().filter(({ pod }) =>
      Object.entries(labels).every(([key, value]) => pod.metadata.labels[key] === value),
    );
  }
  // The variables that a container starts with, from its ConfigMaps and by name.
  environment(container) {
    const values = {};
    for (const { configMapRef } of container.envFrom ?? []) {
      Object.assign(values, this.find("ConfigMap", configMapRef.name)?.data ?? assert.fail(configMapRef.name));
    }
    for (const { name, value } of container.env ?? []) values[name] = value;
    return values;
  }
}

const overlays = readdirSync(path.join(root, "deploy/k8s/overlays"));
const rendered = new Map(overlays.map((overlay) => [overlay, new Rendered(overlay)]));

function testOverlays(name, check) {
  for (const [overlay, manifests] of rendered) test(`${overlay}: ${name}`, () => check(manifests, overlay));
}

function bytes(quantity) {
  const [, number, unit] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity);
  return Number(number) * 1024 ** (["Ki", "Mi", "Gi"].indexOf(unit) + 1);
}

testOverlays("every manifest fits Kubernetes' schema and has no field beyond it", ({ manifests }) => {
  assert.ok(manifests.length > 15);
  for (const manifest of [...manifests, ingestJob]) {
    assert.deepEqual([...schemaFaults(manifest), ...unknownFields(manifest)], [], manifest.metadata.name);
  }
});

testOverlays("names are valid and unique, and all is in one namespace with the restricted standard", (all) => {
  const seen = new Set();
  for (const { kind, metadata } of all.manifests) {
    assert.match(metadata.name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    assert.ok(!seen.has(`${kind}/${metadata.name}`), metadata.name);
    seen.add(`${kind}/${metadata.name}`);
    if (kind !== "Namespace") assert.equal(metadata.namespace, namespace, metadata.name);
  }
  assert.equal(all.find("Namespace", namespace).metadata.labels["pod-security.kubernetes.io/enforce"], "restricted");
  const settings = all.environment(all.find("Deployment", "crew-api").spec.template.spec.containers[0]);
  assert.equal(settings.K8S_NAMESPACE, namespace);
});

testOverlays("every pod keeps to the restricted standard, and what it doesn't need it doesn't get", (all) => {
  for (const {
    name,
    pod: { spec },
  } of all.pods()) {
    assert.equal(spec.securityContext.runAsNonRoot, true, name);
    assert.equal(spec.securityContext.runAsUser, 10001, name);
    assert.equal(spec.securityContext.seccompProfile.type, "RuntimeDefault", name);
    for (const host of ["hostNetwork", "hostPID", "hostIPC"]) assert.ok(!(host in spec), `${name}: ${host}`);
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      assert.equal(container.securityContext.allowPrivilegeEscalation, false, name);
      assert.equal(container.securityContext.readOnlyRootFilesystem, true, name);
      assert.deepEqual(container.securityContext.capabilities, { drop: ["ALL"] }, name);
      assert.ok(container.resources.requests.cpu && container.resources.requests.memory, name);
      assert.ok(container.resources.limits.memory, name);
      assert.ok(
        (container.ports ?? []).every((port) => !("hostPort" in port)),
        name,
      );
    }
    for (const volume of spec.volumes)
      assert.ok(
        volume.emptyDir || volume.configMap || volume.persistentVolumeClaim || volume.secret?.optional === true,
        `${name}: ${volume.name}`,
      );
    const hasToken = spec.automountServiceAccountToken !== false;
    assert.equal(hasToken, name === "crew-api", name);
    assert.ok(name !== "crew-api" || all.find("ServiceAccount", spec.serviceAccountName), name);
  }
});

testOverlays("every volume that is mounted exists, is used, and has a source", (all) => {
  for (const {
    name,
    pod: { spec },
  } of all.pods()) {
    const mounts = spec.containers.flatMap((container) => container.volumeMounts);
    assert.deepEqual(
      [...new Set(mounts.map((mount) => mount.name))].sort(),
      spec.volumes.map((volume) => volume.name).sort(),
      name,
    );
    for (const { configMap, persistentVolumeClaim } of spec.volumes) {
      if (configMap) assert.ok(all.find("ConfigMap", configMap.name), `${name}: ${configMap.name}`);
      if (persistentVolumeClaim) assert.ok(all.find("PersistentVolumeClaim", persistentVolumeClaim.claimName), name);
    }
    for (const mount of mounts.filter((each) => each.name === "workspace")) {
      assert.equal(mount.mountPath, "/workspace", name);
      assert.equal(mount.readOnly === true, name !== "runner", name);
    }
    assert.ok(
      mounts.some((mount) => mount.mountPath === "/tmp"),
      name,
    );
  }
});

testOverlays("the API takes a tokens file of the Secret that the runbook fills, and does without it", (all) => {
  const { spec } = all.find("Deployment", "crew-api").spec.template;
  const { secret } = spec.volumes.find((volume) => volume.name === "access");
  const mount = spec.containers[0].volumeMounts.find((each) => each.name === "access");
  const variable = spec.containers[0].env.find(({ name }) => name === "CODEHELPER_TOKENS_FILE");

  assert.deepEqual([secret.optional, secret.defaultMode, mount.readOnly], [true, 0o440, true]);
  assert.deepEqual(secret.items, [{ key: "tokens", path: "tokens" }]);
  assert.deepEqual(variable.valueFrom.secretKeyRef, {
    name: secret.secretName,
    key: "CODEHELPER_TOKENS_FILE",
    optional: true,
  });
  const filling = `secret generic ${secret.secretName} -n ${namespace} --from-file=tokens=`;
  const runbook = readText("deploy/RUNBOOK.md");
  assert.ok(runbook.includes(filling));
  assert.ok(runbook.includes(`--from-literal=CODEHELPER_TOKENS_FILE=${mount.mountPath}/tokens\n`));
});

testOverlays("pods restart as their owners demand, and have the time to end what they do", (all) => {
  const drain = readSettings().find((setting) => setting.name === "CODEHELPER_DRAIN_SECONDS").standard;
  const [, api, runner] = /^(\d+); serve-runner (\d+)$/.exec(drain).map(Number);
  for (const { name, pod } of all.deployments()) assert.ok((pod.spec.restartPolicy ?? "Always") === "Always", name);
  assert.equal(ingestJob.spec.template.spec.restartPolicy, "Never");
  assert.ok(all.find("Deployment", "crew-api").spec.template.spec.terminationGracePeriodSeconds > api);
  assert.ok(all.find("Deployment", "runner").spec.template.spec.terminationGracePeriodSeconds > runner);
  assert.equal(all.find("Deployment", "vector-db").spec.strategy.type, "Recreate");
  assert.equal(all.find("Deployment", "vector-db").spec.replicas, 1);
});

testOverlays("selectors find exactly the pods that they are for", (all) => {
  for (const { name, spec, pod } of all.deployments()) {
    assert.deepEqual(
      all.podsWith(spec.selector.matchLabels).map((found) => found.name),
      [name],
    );
    for (const spread of pod.spec.topologySpreadConstraints ?? []) {
      assert.deepEqual(
        all.podsWith(spread.labelSelector.matchLabels).map((found) => found.name),
        [name],
      );
    }
  }
  for (const kind of ["Service", "PodDisruptionBudget"]) {
    for (const { metadata, spec } of all.all(kind)) {
      assert.deepEqual(
        all.podsWith(spec.selector.matchLabels ?? spec.selector).map((found) => found.name),
        [metadata.name],
        kind,
      );
    }
  }
});

testOverlays("services, probes, policies and the ingress name ports that containers open", (all) => {
  const opened = (pod) => pod.spec.containers.flatMap((container) => container.ports ?? []);
  for (const { metadata, spec } of all.all("Service")) {
    const [{ pod }] = all.podsWith(spec.selector);
    for (const port of spec.ports) {
      const target = opened(pod).find((each) => each.name === port.targetPort);
      assert.equal(target?.containerPort, port.port, metadata.name);
    }
  }
  for (const { name, pod } of all.deployments()) {
    for (const probe of pod.spec.containers.flatMap((each) => [each.livenessProbe, each.readinessProbe])) {
      assert.ok(
        opened(pod).some((port) => port.name === probe.httpGet.port),
        name,
      );
    }
  }
  for (const { metadata, spec } of all.all("NetworkPolicy")) {
    for (const { ports } of spec.ingress ?? []) {
      for (const { pod } of all.podsWith(spec.podSelector.matchLabels)) {
        for (const { port } of ports)
          assert.ok(
            opened(pod).some((each) => each.containerPort === port),
            metadata.name,
          );
      }
    }
  }
  for (const { spec } of all.all("Ingress")) {
    for (const {
      backend: { service },
    } of spec.rules.flatMap((rule) => rule.http.paths)) {
      const found = all.find("Service", service.name);
      assert.ok(
        found.spec.ports.some((port) => port.name === service.port.name),
        service.name,
      );
    }
  }
});

testOverlays("the API is restarted for itself alone, and out of service while a dependency is down", (all) => {
  const [{ livenessProbe, readinessProbe }] = all.find("Deployment", "crew-api").spec.template.spec.containers;
  assert.equal(livenessProbe.httpGet.path, "/health");
  assert.equal(readinessProbe.httpGet.path, "/readyz");
  const limit = Number(readSettings().find((setting) => setting.name === "CODEHELPER_READINESS_SECONDS").standard);
  assert.ok(readinessProbe.timeoutSeconds > limit);
});

testOverlays("the API may do with Jobs what it needs, and nothing else in the cluster", (all) => {
  assert.deepEqual(
    all.all("Role").map((role) => role.rules),
    [
      [
        { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "get", "list", "watch", "delete"] },
        { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
      ],
    ],
  );
  const [binding, ...others] = all.all("RoleBinding");
  assert.deepEqual(others, []);
  assert.equal(binding.roleRef.name, all.all("Role")[0].metadata.name);
  assert.deepEqual(binding.subjects, [{ kind: "ServiceAccount", name: "crew-api", namespace }]);
  assert.deepEqual(
    all.manifests.filter(({ kind }) => kind.startsWith("Cluster")),
    [],
  );
});

// Who may open a connection to whom, by the policies' own selectors: both sides must allow it.
function mayConnect(all, from, to, port) {
  const covers = (selector, labels) =>
    Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  const labelsOf = (name) => all.pods().find((each) => each.name === name).pod.metadata.labels;
  const side = (type, key, own, other) => {
    const policies = all
      .all("NetworkPolicy")
      .filter(({ spec }) => spec.policyTypes.includes(type) && covers(spec.podSelector, labelsOf(own)));
    assert.ok(policies.length > 0, own);
    return policies
      .flatMap(({ spec }) => spec[key === "from" ? "ingress" : "egress"] ?? [])
      .some((rule) => {
        const peers = rule[key];
        const reaches = !peers || peers.some((peer) => peer.podSelector && covers(peer.podSelector, labelsOf(other)));
        return reaches && (!rule.ports || rule.ports.some((each) => each.port === port));
      });
  };
  return side("Egress", "to", from, to) && side("Ingress", "from", to, from);
}

testOverlays("the network lets through what is needed: the Runner reaches nothing", (all) => {
  const ports = { "crew-api": 8000, runner: 8080, "vector-db": 8000, ingest: 8000 };
  const open = [];
  for (const from of Object.keys(ports)) {
    for (const to of Object.keys(ports)) if (mayConnect(all, from, to, ports[to])) open.push(`${from} -> ${to}`);
  }
  assert.deepEqual(open, ["crew-api -> runner", "crew-api -> vector-db", "ingest -> vector-db"]);
  for (const name of ["default-deny", "runner", "vector-db"]) {
    const { policyTypes, egress } = all.find("NetworkPolicy", name).spec;
    assert.deepEqual(policyTypes, ["Ingress", "Egress"], name);
    assert.deepEqual(egress ?? [], [], name);
  }
});

testOverlays("every variable is a setting of the mode that reads it", (all) => {
  for (const [name, mode] of Object.entries(modes)) {
    const [container] = all.find("Deployment", name).spec.template.spec.containers;
    assert.deepEqual(container.args, [mode]);
    for (const variable of Object.keys(all.environment(container)))
      assert.ok(isSetting(variable, mode), `${name}: ${variable}`);
  }
  for (const { env } of ingestJob.spec.template.spec.containers) {
    for (const { name } of env ?? []) assert.ok(isSetting(name, "ingest"), name);
  }
});

testOverlays("addresses name services, and one image of the program is used throughout", (all, overlay) => {
  const [api] = all.find("Deployment", "crew-api").spec.template.spec.containers;
  const [runner] = all.find("Deployment", "runner").spec.template.spec.containers;
  const settings = all.environment(api);
  for (const address of [new URL(settings.RUNNER_URL), new URL(settings.VECTOR_DB_URL)]) {
    const service = all.find("Service", address.hostname);
    assert.equal(service?.spec.ports[0].port, Number(address.port), address.href);
  }
  assert.equal(runner.image, api.image.replace("-api", "-runner"));
  assert.equal(settings.INGEST_IMAGE, api.image.replace("-api", "-ingest"));
  assert.match(api.image, overlay === "dev" ? /:dev$/ : new RegExp(`:${projectVersion()}$`));
});

testOverlays("the runs that a Runner takes at once fit in its memory", (all) => {
  const [container] = all.find("Deployment", "runner").spec.template.spec.containers;
  const limit = bytes(container.resources.limits.memory);
  const perRun = Math.min(bytes("4Gi"), 0.6 * limit);
  assert.ok(Number(all.environment(container).RUNNER_PARALLEL) * perRun < limit);
});

testOverlays("the API is given the ingest Job of deploy/k8s/ingest-job.yaml, word for word", (all) => {
  const { spec } = all.find("Deployment", "crew-api").spec.template;
  const volume = spec.volumes.find((each) => each.name === "ingest-job");
  const mount = spec.containers[0].volumeMounts.find((each) => each.name === "ingest-job");
  const [file, ...others] = Object.keys(all.find("ConfigMap", volume.configMap.name).data);
  assert.deepEqual(others, []);
  assert.equal(all.environment(spec.containers[0]).INGEST_JOB_TEMPLATE, `${mount.mountPath}/${file}`);
  assert.equal(all.find("ConfigMap", volume.configMap.name).data[file], readText("deploy/k8s/ingest-job.yaml"));
});

test("ingest Job: its limits are the contract's", () => {
  assert.equal(ingestJob.spec.backoffLimit, 2);
  assert.equal(ingestJob.spec.ttlSecondsAfterFinished, 3600);
  assert.deepEqual(
    ingestJob.spec.template.spec.containers.map((container) => container.name),
    ["ingest"],
  );
});
