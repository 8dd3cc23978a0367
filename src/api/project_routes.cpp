#include <boost/json/serialize.hpp>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/api/wire.hpp"
#include "codehelper/base/json_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

json::object progress_to_json(const ProjectStatus& status) {
  if (!status.job.progress) return {};
  const IndexProgress& progress = *status.job.progress;
  json::object object{{"files_done", progress.files_done},
                      {"files_total", progress.files_total},
                      {"chunks", progress.chunks},
                      {"seconds", progress.seconds}};
  if (progress.files_per_second() > 0) {
    object["files_per_second"] = progress.files_per_second();
    object["seconds_left"] = progress.seconds_left();
  }
  return object;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value() : json::value(text);
}

json::object to_json(const ProjectStatus& status) {
  json::object object{{"project_path", status.project ? json::value(status.project->posted_path) : json::value()},
                      {"pinned_repo", text_or_null(status.pinned_repo)},
                      {"index_status", to_string(status.status)},
                      {"job_id", text_or_null(status.job_id)},
                      {"progress", progress_to_json(status)},
                      {"index", index_to_json(status.index, status.changed_files)}};
  if (status.index_bytes != 0) object["index"].as_object()["bytes_on_disk"] = status.index_bytes;
  if (!status.job.cause.empty()) object["cause"] = status.job.cause;
  if (!status.job.detail.empty()) object["detail"] = status.job.detail;
  if (!status.stale_because.empty()) {
    object["stale"] = true;
    object["stale_because"] = status.stale_because;
  }
  return object;
}

Task<Result<HttpReply>> get_project(ApiServices& services, RequestContext context, HttpRequest request) {
  std::optional<std::string> project_path;
  const auto given = request.query.find("project_path");
  if (given != request.query.end()) project_path = given->second;
  const auto status = co_await services.projects->status(std::move(context), std::move(project_path));
  if (!status) co_return std::unexpected(status.error());
  co_return make_json_reply(json::serialize(to_json(*status)));
}

Task<Result<HttpReply>> post_project(ApiServices& services, RequestContext context, HttpRequest, json::object body) {
  ProjectPost post;
  auto project_path = required_string(body, "project_path");
  if (!project_path) co_return std::unexpected(project_path.error());
  auto pinned_repo = optional_string(body, "pinned_repo");
  if (!pinned_repo) co_return std::unexpected(pinned_repo.error());
  const auto reindex = optional_bool(body, "reindex");
  if (!reindex) co_return std::unexpected(reindex.error());
  post.project_path = std::move(*project_path);
  post.pinned_repo = std::move(*pinned_repo);
  post.reindex = reindex->value_or(false) ? Reindex::always : Reindex::if_needed;

  const auto job_id = co_await services.projects->post(context, std::move(post));
  if (!job_id && job_id.error().code == ErrorCode::conflict) {
    json::object conflict{{"error", "already_indexing"},
                          {"message", "this project is being indexed; GET /project tells how far it is"},
                          {"job_id", job_id.error().message},
                          {"request_id", context.request_id}};
    co_return make_json_reply(json::serialize(conflict), 409);
  }
  if (!job_id && is_dependency_down(job_id.error().code)) {
    co_return make_error_reply(503, "jobs_unavailable", job_id.error().message, context.request_id);
  }
  if (!job_id) co_return std::unexpected(job_id.error());
  const json::object accepted{{"status", "accepted"}, {"job_id", *job_id}};
  co_return make_json_reply(json::serialize(accepted));
}

Task<Result<HttpReply>> delete_job(ApiServices& services, RequestContext context) {
  const auto cancelled = co_await services.projects->cancel(std::move(context));
  if (!cancelled) co_return std::unexpected(cancelled.error());
  co_return make_json_reply(R"({"status":"cancelling"})", 202);
}

}  // namespace

void add_project_routes(Router& router, ApiServices& services) {
  Route get;
  get.method = "GET";
  get.path = "/project";
  get.handler = [&services](RequestContext context, HttpRequest request) {
    return get_project(services, std::move(context), std::move(request));
  };
  router.add(std::move(get));

  Route post;
  post.method = "POST";
  post.path = "/project";
  post.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_project(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(post));

  Route cancel;
  cancel.method = "DELETE";
  cancel.path = "/project/job";
  cancel.handler = [&services](RequestContext context, HttpRequest) {
    return delete_job(services, std::move(context));
  };
  router.add(std::move(cancel));
}

}  // namespace codehelper
