#include "kubernetes_job_template.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace codehelper;
namespace json = boost::json;

namespace {

JobRequest make_request() {
  JobRequest request;
  request.name = "ingest-12345678";
  request.job_namespace = "code-helper";
  request.image = "code-helper-ingest:1";
  request.project_path = "/workspace/repo";
  request.project_key = "0123456789abcdef";
  request.request_id = "req-1";
  request.start_id = "start-1";
  request.env = {{"VECTOR_DB_URL", "http://chroma:8000"}, {"CODEHELPER_DATA_DIR", "/elsewhere"}};
  return request;
}

json::object default_template() {
  return parse_job_template("built-in", default_job_template()).value();
}

const json::object& container_of(const json::object& job) {
  return job.at("spec").at("template").at("spec").at("containers").as_array().at(0).as_object();
}

std::string env_of(const json::object& job, std::string_view name) {
  for (const json::value& item : container_of(job).at("env").as_array()) {
    if (item.at("name") == json::value(name)) return std::string(item.at("value").as_string());
  }
  return "not set";
}

}  // namespace

TEST_CASE("job template: the built-in one is deploy/k8s/ingest-job.yaml") {
  std::ifstream stream(std::string(CODEHELPER_SOURCE_DIR) + "/deploy/k8s/ingest-job.yaml");
  const std::string file{std::istreambuf_iterator<char>(stream), {}};

  REQUIRE_FALSE(file.empty());
  CHECK(default_job_template() == file);
}

TEST_CASE("job template: the program fills in names, labels, annotations, image, arguments and environment") {
  const json::object job = make_job(default_template(), make_request());

  const json::object& metadata = job.at("metadata").as_object();
  CHECK(metadata.at("name") == "ingest-12345678");
  CHECK(metadata.at("namespace") == "code-helper");
  CHECK(metadata.at("labels") == json::object{{"app.kubernetes.io/part-of", "code-helper"},
                                              {"app.kubernetes.io/name", "code-helper"},
                                              {"app.kubernetes.io/component", "ingest"},
                                              {"codehelper.dev/project", "0123456789abcdef"}});
  CHECK(metadata.at("annotations") == json::object{{"codehelper.dev/project-path", "/workspace/repo"},
                                                   {"codehelper.dev/request-id", "req-1"},
                                                   {"codehelper.dev/start-id", "start-1"}});
  CHECK(job.at("spec").at("template").at("metadata").at("labels").at("app.kubernetes.io/component") == "ingest");
  CHECK(container_of(job).at("image") == "code-helper-ingest:1");
  CHECK(container_of(job).at("args") == json::array{"ingest", "/workspace/repo"});
  CHECK(env_of(job, "VECTOR_DB_URL") == "http://chroma:8000");
  CHECK(env_of(job, "CODEHELPER_DATA_DIR") == "/data");  // the template's own stays
  CHECK_FALSE(job.at("spec").as_object().contains("completionMode"));
}

TEST_CASE("job template: the built-in Job keeps the contract's limits and the rules of restricted pods") {
  const json::object job = make_job(default_template(), make_request());
  const json::object& spec = job.at("spec").as_object();
  const json::object& pod = spec.at("template").at("spec").as_object();
  const json::object& security = container_of(job).at("securityContext").as_object();

  CHECK(spec.at("backoffLimit") == 2);
  CHECK(spec.at("ttlSecondsAfterFinished") == 3600);
  CHECK(pod.at("restartPolicy") == "Never");
  CHECK(pod.at("automountServiceAccountToken") == false);
  CHECK(pod.at("securityContext").at("runAsNonRoot") == true);
  CHECK(pod.at("securityContext").at("seccompProfile").at("type") == "RuntimeDefault");
  CHECK(security.at("allowPrivilegeEscalation") == false);
  CHECK(security.at("readOnlyRootFilesystem") == true);
  CHECK(security.at("capabilities").at("drop") == json::array{"ALL"});
  const json::array& mounts = container_of(job).at("volumeMounts").as_array();
  CHECK(mounts.at(0).at("name") == "workspace");
  CHECK(mounts.at(0).at("readOnly") == true);
}

TEST_CASE("job template: more than one shard makes an Indexed Job whose pods know how many they are") {
  JobRequest request = make_request();
  request.shards = 4;

  const json::object job = make_job(default_template(), request);

  CHECK(job.at("spec").at("completionMode") == "Indexed");
  CHECK(job.at("spec").at("completions") == 4);
  CHECK(job.at("spec").at("parallelism") == 4);
  CHECK(env_of(job, "INGEST_SHARDS") == "4");
  CHECK(env_of(job, "INGEST_RUN_ID") == "start-1");
}

TEST_CASE("job template: a dollar in a path is not taken for a reference to a variable") {
  JobRequest request = make_request();
  request.project_path = "/workspace/$(HOME)/a$b";
  request.env["X"] = "$(PATH)";

  const json::object job = make_job(default_template(), request);

  CHECK(container_of(job).at("args").at(1) == "/workspace/$$(HOME)/a$$b");
  CHECK(env_of(job, "X") == "$$(PATH)");
  CHECK(job.at("metadata").at("annotations").at("codehelper.dev/project-path") == "/workspace/$(HOME)/a$b");
}

TEST_CASE("job template: an operator's own is taken as it is, with what is missing made") {
  const auto own =
      parse_job_template("mine.yaml",
                         "{apiVersion: batch/v1, kind: Job, spec: {backoffLimit: 5, template: {spec: {"
                         "restartPolicy: OnFailure, nodeSelector: {disk: ssd}, containers: [{name: sidecar, image: s},"
                         "{name: ingest, env: [{name: K, valueFrom: {secretKeyRef: {name: s, key: t}}}]}]}}}}");
  REQUIRE(own);

  const json::object job = make_job(*own, make_request());

  const json::object& pod = job.at("spec").at("template").at("spec").as_object();
  CHECK(pod.at("nodeSelector").at("disk") == "ssd");
  CHECK(pod.at("containers").at(0).at("image") == "s");
  CHECK(pod.at("containers").at(1).at("image") == "code-helper-ingest:1");
  CHECK(pod.at("containers").at(1).at("env").at(0).at("valueFrom").at("secretKeyRef").at("key") == "t");
  CHECK(job.at("spec").at("backoffLimit") == 5);
}

TEST_CASE("job template: what is no Job, or has no place for the ingest, is refused with file and field") {
  const std::string head = "{apiVersion: batch/v1, kind: Job, ";
  const auto [text, expected] = GENERATE_COPY(table<std::string, std::string>({
      {"- a", "mine.yaml: it is no mapping"},
      {"{kind: Job}", "mine.yaml: apiVersion must be batch/v1"},
      {"{apiVersion: batch/v1, kind: CronJob}", "mine.yaml: kind must be Job"},
      {head + "spec: 5}", "mine.yaml: spec must be a mapping"},
      {head + "metadata: {labels: []}}", "mine.yaml: metadata.labels must be a mapping"},
      {head + "spec: {template: {spec: {restartPolicy: Always}}}}", "spec.template.spec.restartPolicy must be Never"},
      {head + "spec: {template: {spec: {restartPolicy: Never}}}}", "has no container with the name \"ingest\""},
      {head + "spec: {template: {spec: {restartPolicy: Never, containers: {}}}}}", "containers must be a list"},
      {head + "spec: {template: {spec: {restartPolicy: Never, containers: [{name: ingest, env: 3}]}}}}",
       "containers[ingest].env must be a list"},
  }));

  const auto job = parse_job_template("mine.yaml", text);

  REQUIRE_FALSE(job);
  INFO(job.error().message);
  CHECK(job.error().message.contains(expected));
}
