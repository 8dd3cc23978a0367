#include "kubernetes_job_template.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>

#include "kubernetes_objects.hpp"
#include "yaml_document.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::string_view kContainer = "ingest";
constexpr std::string_view kLabels = "metadata.labels";
constexpr std::string_view kAnnotations = "metadata.annotations";
constexpr std::string_view kPod = "spec.template.spec";
constexpr std::string_view kPodLabels = "spec.template.metadata.labels";

std::unexpected<Error> bad_field(std::string_view source, std::string_view field, std::string_view what) {
  return fail(ErrorCode::invalid_input,
              fmt::format("{}: {} {}; deploy/k8s/ingest-job.yaml shows how", source, field, what));
}

std::string_view text_of(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
}

// The object at that place ("spec.template"); what is absent on the way is made. Good until another is opened: objects
// move when they grow.
Result<json::object*> open_object(json::object& job, std::string_view source, std::string_view place) {
  json::object* object = &job;
  for (std::size_t begin = 0; begin < place.size();) {
    const std::size_t end = std::min(place.find('.', begin), place.size());
    json::value& value = (*object)[place.substr(begin, end - begin)];
    if (value.is_null()) value.emplace_object();
    if (!value.is_object()) return bad_field(source, place.substr(0, end), "must be a mapping");
    object = &value.as_object();
    begin = end + 1;
  }
  return object;
}

Result<json::object*> open_container(json::object& job, std::string_view source) {
  const auto pod = open_object(job, source, kPod);
  if (!pod) return pod;
  json::value& containers = (**pod)["containers"];
  if (containers.is_null()) containers.emplace_array();
  if (!containers.is_array()) return bad_field(source, "spec.template.spec.containers", "must be a list");
  for (json::value& item : containers.as_array()) {
    if (item.is_object() && text_of(item.as_object(), "name") == kContainer) return &item.as_object();
  }
  return bad_field(source, "spec.template.spec.containers", "has no container with the name \"ingest\"");
}

Result<json::array*> open_environment(json::object& job, std::string_view source) {
  const auto container = open_container(job, source);
  if (!container) return std::unexpected(container.error());
  json::value& env = (**container)["env"];
  if (env.is_null()) env.emplace_array();
  if (!env.is_array()) return bad_field(source, "spec.template.spec.containers[ingest].env", "must be a list");
  return &env.as_array();
}

// Kubernetes replaces $(NAME) in arguments and variables, and $$ by $.
std::string escape_references(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '$' ? 2 : 1, c);
  return escaped;
}

void fill_environment(json::array& env, const JobRequest& request) {
  const auto add = [&env](std::string_view name, std::string_view value) {
    const bool is_set = std::ranges::any_of(
        env, [&](const json::value& item) { return item.is_object() && text_of(item.as_object(), "name") == name; });
    if (!is_set) env.push_back(json::object{{"name", name}, {"value", escape_references(value)}});
  };
  for (const auto& [name, value] : request.env) add(name, value);
  if (request.shards > 1) {
    add("INGEST_SHARDS", std::to_string(request.shards));
    add("INGEST_RUN_ID", request.start_id);
  }
}

}  // namespace

Result<json::object> parse_job_template(std::string_view source, std::string_view text) {
  auto job = parse_yaml_object(text);
  if (!job) return fail_with_context(source, std::move(job.error()));
  if (text_of(*job, "apiVersion") != "batch/v1") return bad_field(source, "apiVersion", "must be batch/v1");
  if (text_of(*job, "kind") != "Job") return bad_field(source, "kind", "must be Job");
  for (const std::string_view place : {kLabels, kAnnotations, kPod, kPodLabels}) {
    const auto opened = open_object(*job, source, place);
    if (!opened) return std::unexpected(opened.error());
  }
  const std::string_view restart = text_of(**open_object(*job, source, kPod), "restartPolicy");
  if (restart != "Never" && restart != "OnFailure") {
    return bad_field(source, "spec.template.spec.restartPolicy", "must be Never or OnFailure");
  }
  const auto env = open_environment(*job, source);
  if (!env) return std::unexpected(env.error());
  return job;
}

json::object make_job(const json::object& job_template, const JobRequest& request) {
  json::object job = job_template;
  // Each place was opened when the template was parsed.
  const auto at = [&job](std::string_view place) -> json::object& { return **open_object(job, "template", place); };
  at("metadata")["name"] = request.name;
  at("metadata")["namespace"] = request.job_namespace;
  for (const std::string_view place : {kLabels, kPodLabels}) {
    json::object& labels = at(place);
    labels["app.kubernetes.io/name"] = "code-helper";
    labels["app.kubernetes.io/component"] = "ingest";
    labels[kProjectLabel] = request.project_key;
  }
  json::object& annotations = at(kAnnotations);
  annotations[kPathAnnotation] = request.project_path;
  annotations[kRequestAnnotation] = request.request_id;
  annotations[kStartAnnotation] = request.start_id;
  json::object& container = **open_container(job, "template");
  container["image"] = request.image;
  container["args"] = json::array{"ingest", escape_references(request.project_path)};
  fill_environment(**open_environment(job, "template"), request);
  if (request.shards > 1) {
    json::object& spec = at("spec");
    spec["completionMode"] = "Indexed";
    spec["completions"] = request.shards;
    spec["parallelism"] = request.shards;
  }
  return job;
}

}  // namespace codehelper
