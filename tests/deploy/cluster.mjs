// A stand-in for a cluster's API server, for kubectl to read what deploy/k8s makes: it holds the manifests that an
// overlay renders, the pods that these would start and one ingest Job, and lets them be changed. No rules are enforced.
import http from "node:http";
import { parseAllDocuments } from "yaml";
import { run } from "./support.mjs";

const resources = [
  ["v1", "namespaces", "Namespace"], ["v1", "pods", "Pod"], ["v1", "services", "Service"], ["v1", "secrets", "Secret"],
  ["v1", "configmaps", "ConfigMap"], ["v1", "persistentvolumeclaims", "PersistentVolumeClaim"],
  ["v1", "serviceaccounts", "ServiceAccount"], ["v1", "events", "Event"], ["apps/v1", "deployments", "Deployment"],
  ["batch/v1", "jobs", "Job"], ["policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"],
  ["networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"], ["networking.k8s.io/v1", "ingresses", "Ingress"],
  ["rbac.authorization.k8s.io/v1", "roles", "Role"], ["rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"],
].map(([groupVersion, plural, kind]) => ({ groupVersion, plural, kind }));

function podOf(owner, name, labels) {
  return {
    apiVersion: "v1", kind: "Pod", metadata: { name, namespace: owner.metadata.namespace, labels },
    spec: owner.spec.template.spec, status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  };
}

function makeObjects(overlay, namespace, jobId, jobTemplate) {
  const objects = parseAllDocuments(run("kubectl", "kustomize", `deploy/k8s/overlays/${overlay}`)).map((each) => each.toJS());
  for (const deployment of objects.filter(({ kind }) => kind === "Deployment")) {
    const { replicas } = deployment.spec;
    deployment.metadata.generation = 1;
    deployment.status = { observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    objects.push(podOf(deployment, `${deployment.metadata.name}-5d4f7`, deployment.spec.template.metadata.labels));
  }
  objects.push({ apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } });
  const selector = { matchLabels: { "job-name": jobId } };
  const job = { ...jobTemplate, metadata: { ...jobTemplate.metadata, name: jobId, namespace }, spec: { ...jobTemplate.spec, selector }, status: { active: 1 } };
  return [...objects, job, podOf(job, `${jobId}-x7k2p`, { ...jobTemplate.metadata.labels, "job-name": jobId })];
}

function merge(target, patch) {
  for (const [key, value] of Object.entries(patch)) {
    const isMap = value !== null && typeof value === "object" && !Array.isArray(value);
    if (isMap) target[key] = merge(target[key] ?? {}, value);
    else if (value === null) delete target[key];
    else if (!Array.isArray(value)) target[key] = value;
    else target[key] = (target[key] ?? []).map((old) => merge(old, value.find((each) => each.name === old.name) ?? {}));
  }
  return target;
}

function discover(pathname) {
  const groups = [...new Set(resources.map(({ groupVersion }) => groupVersion).filter((each) => each.includes("/")))];
  if (pathname === "/api") return { kind: "APIVersions", versions: ["v1"] };
  if (pathname === "/apis") {
    return {
      kind: "APIGroupList", apiVersion: "v1",
      groups: groups.map((groupVersion) => {
        const [name, version] = groupVersion.split("/");
        return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
      }),
    };
  }
  const groupVersion = /^\/apis?\/(.+)$/.exec(pathname)?.[1];
  const found = resources.filter((each) => each.groupVersion === groupVersion);
  if (found.length === 0) return undefined;
  const verbs = ["get", "list", "watch", "create", "patch", "delete"];
  const list = found.map(({ plural, kind }) => ({ name: plural, singularName: kind.toLowerCase(), kind, verbs, namespaced: kind !== "Namespace" }));
  if (groupVersion === "apps/v1") list.push({ name: "deployments/scale", singularName: "", kind: "Scale", group: "autoscaling", version: "v1", verbs: ["get", "patch"], namespaced: true });
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources: list };
}

const selects = (selector, labels) => !selector || selector.split(",").every((term) => labels?.[term.split("=")[0]] === term.split("=").at(-1));

// Listens on a free port of 127.0.0.1. `log` gives the text that the pods of a component have written.
export async function startCluster({ overlay, namespace, jobId, jobTemplate, log }) {
  const objects = makeObjects(overlay, namespace, jobId, jobTemplate);
  const answerList = (url, { groupVersion, kind }, space) => {
    const name = /metadata\.name=([^,]+)/.exec(url.searchParams.get("fieldSelector") ?? "")?.[1];
    const items = objects.filter((each) => each.kind === kind && (!space || each.metadata.namespace === space) &&
      (!name || each.metadata.name === name) && selects(url.searchParams.get("labelSelector"), each.metadata.labels));
    return { kind: `${kind}List`, apiVersion: groupVersion, metadata: { resourceVersion: "1" }, items };
  };
  const change = (object, subresource, patch) => {
    if (subresource !== "scale") return merge(object, patch);
    object.spec.replicas = patch.spec.replicas;
    return { apiVersion: "autoscaling/v1", kind: "Scale", metadata: object.metadata, spec: { replicas: object.spec.replicas }, status: { replicas: object.spec.replicas } };
  };
  const answer = (request, url, body) => {
    const discovered = discover(url.pathname);
    if (discovered) return discovered;
    const [, groupVersion, , space, plural, name, subresource] =
      /^\/(?:api|apis)\/(v1|[^/]+\/v\d+)(\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(url.pathname) ?? [];
    const resource = resources.find((each) => each.groupVersion === groupVersion && each.plural === plural);
    if (!resource) return undefined;
    if (request.method === "POST") return { apiVersion: groupVersion, kind: resource.kind, metadata: { namespace: space, name: "created" }, ...body };
    if (!name) return answerList(url, resource, space);
    const object = objects.find((each) => each.kind === resource.kind && each.metadata.name === name && (each.metadata.namespace ?? space) === space);
    if (!object) return undefined;
    if (request.method === "PATCH") return change(object, subresource, body);
    if (request.method === "DELETE") objects.splice(objects.indexOf(object), 1);
    if (subresource === "log") return log(object.metadata.labels["app.kubernetes.io/component"]);
    return subresource === "scale" ? change(object, "scale", { spec: object.spec }) : object;
  };
  const server = http.createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece)).on("end", () => {
      const url = new URL(request.url, "http://cluster");
      if (url.searchParams.get("watch")) return response.writeHead(200, { "Content-Type": "application/json" }).flushHeaders();
      // What is made may come as protobuf, which nothing here has to read.
      const isJson = /json/.test(request.headers["content-type"] ?? "");
      const body = isJson ? JSON.parse(Buffer.concat(pieces)) : undefined;
      const found = answer(request, url, body);
      const missing = { kind: "Status", apiVersion: "v1", status: "Failure", code: 404, reason: "NotFound", message: `${request.method} ${url.pathname} not found` };
      response.writeHead(found === undefined ? 404 : 200, { "Content-Type": typeof found === "string" ? "text/plain" : "application/json" });
      response.end(typeof found === "string" ? found : JSON.stringify(found ?? missing));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.closeAllConnections(); server.close(); } };
}
