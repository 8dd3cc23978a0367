#!/usr/bin/env python3
"""A Kubernetes API server of one process, for tests: Jobs (batch/v1), their pods and logs, discovery, over TLS.

It answers as a real server was seen to answer: uid and resourceVersion, AlreadyExists and Conflict told apart,
DeleteOptions with preconditions, pods that are orphaned without a policy, refusals as Status objects. A second, plain
port is the test's own: it scripts statuses, logs and faults and tells what was asked. With --run, a Job's pods are real
processes of the given executable.

Prints one line of JSON with its ports when it is ready. Ends when its standard input is closed.
"""

import argparse
import base64
import copy
import datetime
import http.server
import json
import os
import random
import re
import signal
import socket
import ssl
import string
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

JOB_FIELDS = {"backoffLimit": int, "completions": int, "parallelism": int, "ttlSecondsAfterFinished": int,
              "activeDeadlineSeconds": int, "completionMode": str, "suspend": bool}
INDEX = "batch.kubernetes.io/job-completion-index"


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Refusal(Exception):
    """Leaves as a Status object."""

    def __init__(self, code, reason, message, details=None, headers=None):
        super().__init__(message)
        self.code = code
        self.headers = headers or {}
        self.status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                       "reason": reason, "details": details or {}, "code": code}


def not_found(kind, name):
    group = {"jobs": "batch"}.get(kind)
    details = {"name": name, "kind": kind}
    if group:
        details["group"] = group
    return Refusal(404, "NotFound", f'{kind}{"." + group if group else ""} "{name}" not found', details)


class Cluster:
    """The objects, and the controller that makes pods of Jobs."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.RLock()
        self.jobs = {}
        self.pods = {}
        self.logs = {}
        self.processes = {}
        self.version = 1000

    def stamp(self, item):
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)

    # --- Jobs -------------------------------------------------------------------------------------------------------

    def check_namespace(self, namespace):
        if namespace not in self.options.namespaces:
            raise not_found("namespaces", namespace)

    def create_job(self, namespace, job):
        if job.get("apiVersion") != "batch/v1" or job.get("kind") != "Job":
            raise Refusal(400, "BadRequest", f'no kind "{job.get("kind")}" is registered for version '
                                             f'"{job.get("apiVersion")}" in scheme')
        metadata, spec = job.setdefault("metadata", {}), job.get("spec") or {}
        for field, kind in JOB_FIELDS.items():
            if field in spec and (not isinstance(spec[field], kind) or isinstance(spec[field], bool) != (kind is bool)):
                raise Refusal(400, "BadRequest", f'Job in version "v1" cannot be handled as a Job: '
                                                 f'json: cannot unmarshal into Go struct field JobSpec.spec.{field}')
        for path in ("labels", "annotations"):
            if any(not isinstance(v, str) for v in (metadata.get(path) or {}).values()):
                raise Refusal(400, "BadRequest", f"metadata.{path}: cannot unmarshal into string")
        name = metadata.get("name", "")
        if metadata.get("namespace", namespace) != namespace:
            raise Refusal(400, "BadRequest", "the namespace of the provided object does not match the namespace sent "
                                             "on the request")
        pod = spec.get("template", {}).get("spec", {})
        causes = []
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) or len(name) > 63:
            causes.append(("metadata.name", "Invalid value"))
        if pod.get("restartPolicy") not in ("Never", "OnFailure"):
            causes.append(("spec.template.spec.restartPolicy", 'Unsupported value: supported values: "OnFailure", "Never"'))
        for i, container in enumerate(pod.get("containers", [])):
            if not container.get("image"):
                causes.append((f"spec.template.spec.containers[{i}].image", "Required value"))
            if any(not isinstance(e.get("value", ""), str) for e in container.get("env", [])):
                raise Refusal(400, "BadRequest", "json: cannot unmarshal number into Go struct field EnvVar.value")
        if not pod.get("containers"):
            causes.append(("spec.template.spec.containers", "Required value"))
        if spec.get("completionMode") == "Indexed" and "completions" not in spec:
            causes.append(("spec.completions", "Required value: when completion mode is Indexed"))
        if causes:
            raise Refusal(422, "Invalid", f'Job.batch "{name}" is invalid: ' + "; ".join(": ".join(c) for c in causes),
                          {"name": name, "group": "batch", "kind": "Job",
                           "causes": [{"reason": "FieldValueInvalid", "message": m, "field": f} for f, m in causes]})
        with self.lock:
            self.check_namespace(namespace)
            if (namespace, name) in self.jobs:
                raise Refusal(409, "AlreadyExists", f'jobs.batch "{name}" already exists',
                              {"name": name, "group": "batch", "kind": "jobs"})
            uid = str(uuid.uuid4())
            metadata.update(namespace=namespace, uid=uid, creationTimestamp=now(), generation=1)
            spec = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "completionMode": "NonIndexed",
                    "suspend": False, **spec}
            labels = {"controller-uid": uid, "job-name": name, "batch.kubernetes.io/controller-uid": uid,
                      "batch.kubernetes.io/job-name": name}
            spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
            spec["template"].setdefault("metadata", {}).setdefault("labels", {}).update(labels)
            job["spec"] = spec
            job["status"] = {}
            self.stamp(job)
            self.jobs[namespace, name] = job
            created = copy.deepcopy(job)
        if self.options.run:
            threading.Thread(target=self.control, args=(namespace, name, uid), daemon=True).start()
        return created

    def get_job(self, namespace, name):
        with self.lock:
            if (namespace, name) not in self.jobs:
                raise not_found("jobs", name)
            return copy.deepcopy(self.jobs[namespace, name])

    def delete_job(self, namespace, name, options):
        with self.lock:
            if (namespace, name) not in self.jobs:
                raise not_found("jobs", name)
            job = self.jobs[namespace, name]
            uid = job["metadata"]["uid"]
            wanted = (options.get("preconditions") or {}).get("uid", uid)
            if wanted != uid:
                raise Refusal(409, "Conflict", f'Operation cannot be fulfilled on jobs.batch "{name}": the UID in the '
                                               f"precondition ({wanted}) does not match the UID in record ({uid}). The "
                                               "object might have been deleted and then recreated",
                              {"name": name, "group": "batch", "kind": "jobs"})
            policy = options.get("propagationPolicy", "Orphan")
            if policy == "Foreground":
                job["metadata"]["deletionTimestamp"] = now()
                job["metadata"]["finalizers"] = ["foregroundDeletion"]
                self.stamp(job)
                threading.Thread(target=self.remove_pods, args=(namespace, uid, name), daemon=True).start()
                return copy.deepcopy(job)
            del self.jobs[namespace, name]
            if policy == "Background":
                threading.Thread(target=self.remove_pods, args=(namespace, uid, None), daemon=True).start()
            else:
                for pod in self.pods_of(uid):
                    pod["metadata"].pop("ownerReferences", None)
            return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                    "details": {"name": name, "group": "batch", "kind": "jobs", "uid": uid}}

    def exists(self, job):
        found = self.jobs.get((job["metadata"]["namespace"], job["metadata"]["name"]))
        return found is not None and found["metadata"]["uid"] == job["metadata"]["uid"]

    # --- pods -------------------------------------------------------------------------------------------------------

    def pods_of(self, uid):
        return [p for p in self.pods.values() if p["metadata"]["labels"].get("controller-uid") == uid]

    def remove_pods(self, namespace, uid, job_name):
        """What a real cluster's kubelets and garbage collector do some time after the Job is gone."""
        with self.lock:
            names = [p["metadata"]["name"] for p in self.pods_of(uid)]
            for name in names:
                self.pods[namespace, name]["metadata"]["deletionTimestamp"] = now()
                process = self.processes.get(name)
                if process and process.poll() is None:
                    process.terminate()
        for name in names:
            process = self.processes.get(name)
            if process:
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
        with self.lock:
            for name in names:
                self.pods.pop((namespace, name), None)
            if job_name:
                self.jobs.pop((namespace, job_name), None)

    def add_pod(self, job, index=None, phase="Pending"):
        with self.lock:
            job_name, uid = job["metadata"]["name"], job["metadata"]["uid"]
            suffix = "".join(random.choices(string.ascii_lowercase + string.digits, k=5))
            name = f"{job_name}-{index}-{suffix}" if index is not None else f"{job_name}-{suffix}"
            template = job["spec"]["template"]
            metadata = {"name": name, "namespace": job["metadata"]["namespace"], "uid": str(uuid.uuid4()),
                        "creationTimestamp": now(), "labels": dict(template["metadata"]["labels"]),
                        "annotations": {}, "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job",
                                                                "name": job_name, "uid": uid, "controller": True}]}
            if index is not None:
                metadata["annotations"][INDEX] = str(index)
            pod = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": copy.deepcopy(template["spec"]),
                   "status": {"phase": phase}}
            self.stamp(pod)
            self.pods[metadata["namespace"], name] = pod
            return pod

    def read_log(self, namespace, name, query):
        with self.lock:
            pod = self.pods.get((namespace, name))
            if pod is None:
                raise not_found("pods", name)
            containers = [c["name"] for c in pod["spec"]["containers"]]
            container = query.get("container", containers[0])
            if container not in containers:
                raise Refusal(400, "BadRequest", f"container {container} is not valid for pod {name}")
            states = pod["status"].get("containerStatuses", [])
            if any("waiting" in s.get("state", {}) for s in states):
                raise Refusal(400, "BadRequest", f'container "{container}" in pod "{name}" is waiting to start: '
                                                 "ContainerCreating")
            if pod["status"]["phase"] == "Pending":
                return None
            text = self.logs.get(name, "")
        lines = text.splitlines(keepends=True)
        text = "".join(lines[-int(query["tailLines"]):]) if "tailLines" in query else text
        return text.encode()[:int(query["limitBytes"])] if "limitBytes" in query else text.encode()

    # --- the controller, for --run ----------------------------------------------------------------------------------

    def update_status(self, namespace, name, uid, **fields):
        with self.lock:
            job = self.jobs.get((namespace, name))
            if job is None or job["metadata"]["uid"] != uid:
                return False
            for field, value in fields.items():
                if value is None:
                    job["status"].pop(field, None)
                else:
                    job["status"][field] = value
            self.stamp(job)
            return "deletionTimestamp" not in job["metadata"]

    def add_condition(self, namespace, name, uid, kind, reason=None, message=None):
        with self.lock:
            job = self.jobs.get((namespace, name))
            if job is None or job["metadata"]["uid"] != uid:
                return
            condition = {"type": kind, "status": "True", "lastProbeTime": now(), "lastTransitionTime": now()}
            if reason:
                condition.update(reason=reason, message=message)
            job["status"].setdefault("conditions", []).append(condition)
            self.stamp(job)

    def run_pod(self, job, index):
        """One pod from Pending to its end; its exit status."""
        with self.lock:
            if not self.exists(job):
                return -1
            pod = self.add_pod(job, index)
        name = pod["metadata"]["name"]
        container = next(c for c in pod["spec"]["containers"] if c["name"] == "ingest")
        expand = lambda text: text.replace("$$", "$")
        env = {e["name"]: expand(e.get("value", "")) for e in container.get("env", [])}
        if index is not None:
            env["JOB_COMPLETION_INDEX"] = str(index)
        env.update(self.options.env)
        command = [self.options.run, *(expand(a) for a in container["args"])]
        with self.lock:
            if "deletionTimestamp" in pod["metadata"]:
                return -1  # never started; the garbage collector takes it
            process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, errors="replace")
            self.processes[name] = process
            pod["status"]["phase"] = "Running"
        for line in process.stdout:
            with self.lock:
                self.logs[name] = self.logs.get(name, "") + line
        code = process.wait()
        with self.lock:
            pod["status"]["phase"] = "Succeeded" if code == 0 else "Failed"
            self.stamp(pod)
        return code

    def control(self, namespace, name, uid):
        """The Job controller: attempts until each completion has succeeded or the limit of failures is reached."""
        job = self.get_job(namespace, name)
        spec = job["spec"]
        indexed = spec["completionMode"] == "Indexed"
        waiting = list(range(spec["completions"])) if indexed else [None]
        tally = {"active": 0, "succeeded": 0, "failed": 0}
        changed = threading.Condition()

        def attempt(index):
            code = self.run_pod(job, index)
            with changed:
                tally["active"] -= 1
                if code == 0:
                    tally["succeeded"] += 1
                else:
                    tally["failed"] += 1
                    waiting.append(index)
                changed.notify_all()

        def shown():
            return {key: value or None for key, value in tally.items()}

        time.sleep(self.options.delay)
        wanted = len(waiting)
        if not self.update_status(namespace, name, uid, startTime=now()):
            return
        with changed:
            while tally["succeeded"] < wanted and tally["failed"] <= spec["backoffLimit"]:
                while waiting and tally["active"] < spec["parallelism"]:
                    tally["active"] += 1
                    threading.Thread(target=attempt, args=(waiting.pop(0),), daemon=True).start()
                if not self.update_status(namespace, name, uid, **shown()):
                    return
                changed.wait(0.5)
            self.update_status(namespace, name, uid, **shown())
        if tally["succeeded"] == wanted:
            self.add_condition(namespace, name, uid, "SuccessCriteriaMet")
            self.add_condition(namespace, name, uid, "Complete")
            self.update_status(namespace, name, uid, completionTime=now())
        else:
            why = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
            self.add_condition(namespace, name, uid, "FailureTarget", *why)
            time.sleep(self.options.delay)
            self.add_condition(namespace, name, uid, "Failed", *why)

    def stop(self):
        with self.lock:
            for process in self.processes.values():
                if process.poll() is None:
                    process.kill()


def matches(labels, selector):
    for term in filter(None, selector.split(",")):
        key, _, value = term.replace("==", "=").partition("=")
        if labels.get(key.strip()) != value.strip():
            return False
    return True


def as_list(kind, version, items, cluster):
    return {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": str(cluster.version)}, "items": items}


DISCOVERY = {
    "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
        {"name": "batch", "versions": [{"groupVersion": "batch/v1", "version": "v1"}],
         "preferredVersion": {"groupVersion": "batch/v1", "version": "v1"}}]},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
        {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get", "list", "watch"],
         "shortNames": ["po"]},
        {"name": "pods/log", "singularName": "", "namespaced": True, "kind": "Pod", "verbs": ["get"]}]},
    "/apis/batch/v1": {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "batch/v1", "resources": [
        {"name": "jobs", "singularName": "job", "namespaced": True, "kind": "Job",
         "verbs": ["create", "delete", "get", "list", "watch"]}]},
    "/version": {"major": "1", "minor": "32", "gitVersion": "v1.32.0"},
}


class Faults:
    """What goes wrong with the next requests, in order; each has the number of times it happens (0 = until cleared)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.faults = []
        self.cleared = threading.Event()

    def set(self, faults):
        with self.lock:
            self.cleared.set()
            self.cleared = threading.Event()
            self.faults = faults

    def take(self, line):
        with self.lock:
            for fault in self.faults:
                if not re.search(fault.get("match", ""), line):
                    continue
                times = fault.get("times", 0)
                if times == 1:
                    self.faults.remove(fault)
                elif times > 1:
                    fault["times"] = times - 1
                return dict(fault), self.cleared
        return None, self.cleared


class ApiHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.server.open_sockets.add(self.connection)

    def finish(self):
        self.server.open_sockets.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def send(self, code, body, kind="application/json", headers=None):
        payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        if body is not None:
            self.send_header("Content-Type", kind)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if code != 204:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def handle_request(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        self.server.requests.append({"method": self.command, "path": self.path, "headers": dict(self.headers),
                                     "body": body.decode(errors="replace")})
        fault, cleared = self.server.faults.take(f"{self.command} {self.path}")
        kind = fault["kind"] if fault else None
        if kind == "frozen":
            cleared.wait(60)
            return self.cut()
        if kind == "slow":
            time.sleep(fault["seconds"])
        if kind == "cut":
            return self.cut()
        if kind == "garbage":
            return self.send(fault.get("status", 200), b"<html>welcome</html>", "text/html")
        try:
            if kind == "refusal":
                headers = {"Retry-After": str(fault["retry_after"])} if "retry_after" in fault else {}
                raise Refusal(fault["status"], fault.get("reason", ""), fault.get("message", "scripted"),
                              headers=headers)
            self.authenticate()
            answer = self.answer(body)
        except Refusal as refusal:
            answer = (refusal.code, refusal.status, "application/json", refusal.headers)
        if kind == "cut_after":
            return self.cut()
        self.send(*answer)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = handle_request

    def authenticate(self):
        value = self.headers.get("Authorization", "")
        if self.connection.getpeercert():
            return
        if not value:
            raise Refusal(403, "Forbidden", f'User "system:anonymous" cannot {self.command.lower()} path "{self.path}"')
        accepted = ["Bearer " + token for token in self.server.tokens]
        accepted += ["Basic " + base64.b64encode(user.encode()).decode() for user in self.server.users]
        if value not in accepted:
            raise Refusal(401, "Unauthorized", "Unauthorized")

    def answer(self, body):
        cluster = self.server.cluster
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if self.command == "GET" and url.path in DISCOVERY:
            return 200, DISCOVERY[url.path]
        found = re.fullmatch(r"(/apis/batch/v1|/api/v1)/namespaces/([^/]+)/(jobs|pods)(?:/([^/]+))?(?:/(log))?", url.path)
        if not found or (found[1] == "/api/v1") != (found[3] == "pods"):
            if url.path.startswith("/api"):
                raise Refusal(404, "NotFound", "the server could not find the requested resource")
            return 404, b"404 page not found\n", "text/plain"
        _, namespace, kind, name, log = found.groups()
        if kind == "pods":
            return self.answer_pods(cluster, namespace, name, log, query)
        if self.command == "POST" and not name:
            if not re.match(r"application/(json|yaml)", self.headers.get("Content-Type", "")):
                raise Refusal(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted "
                                                           "media types include: application/json, application/yaml")
            try:
                job = json.loads(body)
            except ValueError:
                raise Refusal(400, "BadRequest", "the object provided is unrecognized") from None
            return 201, cluster.create_job(namespace, job)
        if self.command == "GET" and name:
            return 200, cluster.get_job(namespace, name)
        if self.command == "GET":
            with cluster.lock:
                items = [copy.deepcopy(j) for (ns, _), j in sorted(cluster.jobs.items()) if ns == namespace
                         and matches(j["metadata"].get("labels", {}), query.get("labelSelector", ""))]
            return 200, as_list("JobList", "batch/v1", items, cluster)
        if self.command == "DELETE" and name:
            options = json.loads(body) if body else {}
            options.setdefault("propagationPolicy", query.get("propagationPolicy", "Orphan"))
            return 200, cluster.delete_job(namespace, name, options)
        raise Refusal(403, "Forbidden", f'jobs.batch is forbidden: User "test" cannot {self.command.lower()} resource '
                                        f'"jobs" in API group "batch" in the namespace "{namespace}"')

    def answer_pods(self, cluster, namespace, name, log, query):
        if self.command != "GET":
            raise Refusal(403, "Forbidden", 'pods is forbidden: User "test" may only read')
        if log:
            text = cluster.read_log(namespace, name, query)
            return (204, None) if text is None else (200, text, "text/plain")
        with cluster.lock:
            if name:
                if (namespace, name) not in cluster.pods:
                    raise not_found("pods", name)
                return 200, copy.deepcopy(cluster.pods[namespace, name])
            items = [copy.deepcopy(p) for (ns, _), p in sorted(cluster.pods.items()) if ns == namespace
                     and matches(p["metadata"]["labels"], query.get("labelSelector", ""))]
        return 200, as_list("PodList", "v1", items, cluster)


class ApiServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port, tls, shared):
        super().__init__(("127.0.0.1", port), ApiHandler)
        self.tls = tls
        self.open_sockets = set()
        self.__dict__.update(shared)

    def process_request_thread(self, request, client_address):
        try:
            request.settimeout(10)
            request = self.tls.wrap_socket(request, server_side=True)
            request.settimeout(None)
        except OSError:
            request.close()
            return
        super().process_request_thread(request, client_address)

    def handle_error(self, *_):
        pass  # a client that leaves is no news


class ControlHandler(http.server.BaseHTTPRequestHandler):
    """The test's own port: GET /requests and /jobs; POST /faults, /tokens, /job, /pod, /remove, /down and /up."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        double = self.server.double
        with double.cluster.lock:
            answer = {"/requests": lambda: list(double.shared["requests"]),
                      "/jobs": lambda: list(double.cluster.jobs.values()),
                      "/pods": lambda: list(double.cluster.pods.values())}[self.path]()
            self.reply({"items": answer})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        try:
            answer = getattr(self.server.double, "do_" + self.path[1:])(body)
            self.reply(answer or {})
        except (KeyError, StopIteration) as error:
            self.reply({"error": repr(error)}, 404)

    def reply(self, body, code=200):
        payload = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


class Double:
    def __init__(self, options):
        self.cluster = Cluster(options)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(options.certificate, options.key)
        self.tls.load_verify_locations(options.client_ca)
        self.tls.verify_mode = ssl.CERT_OPTIONAL
        self.shared = {"cluster": self.cluster, "faults": Faults(), "requests": [], "tokens": list(options.token),
                       "users": list(options.user)}
        self.port = 0
        self.api = None
        self.do_up({})
        self.control = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ControlHandler)
        self.control.daemon_threads = True
        self.control.double = self
        threading.Thread(target=self.control.serve_forever, daemon=True).start()

    def do_up(self, _):
        self.api = ApiServer(self.port, self.tls, self.shared)
        self.port = self.api.server_address[1]
        threading.Thread(target=self.api.serve_forever, args=(0.02,), daemon=True).start()

    def do_down(self, _):
        """Nobody listens any more, and every open connection is cut. The Jobs go on."""
        self.api.shutdown()
        self.api.server_close()
        for connection in list(self.api.open_sockets):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def do_faults(self, body):
        self.shared["faults"].set(body["faults"])

    def do_tokens(self, body):
        self.shared["tokens"][:] = body["tokens"]

    def do_forget(self, _):
        self.shared["requests"].clear()

    def do_job(self, body):
        """Sets fields of one Job: "status", or of its "metadata"."""
        with self.cluster.lock:
            job = next(j for j in self.cluster.jobs.values() if j["metadata"]["name"] == body["name"])
            if "status" in body:
                job["status"] = body["status"]
            job["metadata"].update(body.get("metadata", {}))
            self.cluster.stamp(job)

    def do_pod(self, body):
        """Adds a pod of a Job with its status and log, or changes the one of that name."""
        with self.cluster.lock:
            if "pod" in body:
                pod = next(p for p in self.cluster.pods.values() if p["metadata"]["name"] == body["pod"])
            else:
                job = next(j for j in self.cluster.jobs.values() if j["metadata"]["name"] == body["job"])
                pod = self.cluster.add_pod(job, body.get("index"))
                pod["metadata"].update(body.get("metadata", {}))
            pod["status"] = body.get("status", pod["status"])
            self.cluster.logs[pod["metadata"]["name"]] = body.get("log", "")
            return {"name": pod["metadata"]["name"]}

    def do_remove(self, body):
        """The Job's time is over: it and its pods are gone."""
        with self.cluster.lock:
            key = next(k for k in self.cluster.jobs if k[1] == body["name"])
            uid = self.cluster.jobs.pop(key)["metadata"]["uid"]
            for pod in self.cluster.pods_of(uid):
                del self.cluster.pods[pod["metadata"]["namespace"], pod["metadata"]["name"]]

    def do_kill(self, body):
        """Kills the processes of a Job's pods, as a node that is out of memory would."""
        with self.cluster.lock:
            running = [p for n, p in self.cluster.processes.items() if n.startswith(body["name"]) and p.poll() is None]
            for process in running:
                process.send_signal(signal.SIGKILL)
            return {"killed": len(running)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--client-ca", required=True)
    parser.add_argument("--token", action="append", default=[])
    parser.add_argument("--user", action="append", default=[], help="name:password")
    parser.add_argument("--namespaces", default="code-helper,default", type=lambda text: text.split(","))
    parser.add_argument("--run", help="the executable that pods run; without it pods are scripted by the test")
    parser.add_argument("--env", action="append", default=[], type=lambda text: tuple(text.split("=", 1)))
    parser.add_argument("--delay", type=float, default=0.05, help="seconds that the controller lags behind")
    options = parser.parse_args()
    options.env = {"PATH": os.environ.get("PATH", ""), **dict(options.env)}
    double = Double(options)
    print(json.dumps({"port": double.port, "control": double.control.server_address[1]}), flush=True)
    sys.stdin.read()
    double.cluster.stop()


if __name__ == "__main__":
    main()
