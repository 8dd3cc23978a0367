#include <boost/json/serialize.hpp>

#include "codehelper/api/json_route.hpp"
#include "codehelper/api/routes.hpp"
#include "codehelper/api/wire.hpp"
#include "codehelper/base/json_fields.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

Task<Result<HttpReply>> get_project(ApiServices& services, RequestContext context, HttpRequest request) {
  std::optional<std::string> project_path;
  const auto given = request.query.find("project_path");
  if (given != request.query.end()) project_path = given->second;
  const auto status = co_await services.projects->status(std::move(context), std::move(project_path));
  if (!status) co_return std::unexpected(status.error());
  co_return make_json_reply(json::serialize(project_to_json(*status)));
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
  get.scopes = Scope::read;
  get.handler = [&services](RequestContext context, HttpRequest request) {
    return get_project(services, std::move(context), std::move(request));
  };
  router.add(std::move(get));

  Route post;
  post.method = "POST";
  post.path = "/project";
  post.scopes = Scope::admin;
  post.handler = make_json_handler([&services](RequestContext context, HttpRequest request, json::object body) {
    return post_project(services, std::move(context), std::move(request), std::move(body));
  });
  router.add(std::move(post));

  Route cancel;
  cancel.method = "DELETE";
  cancel.path = "/project/job";
  cancel.scopes = Scope::admin;
  cancel.handler = [&services](RequestContext context, HttpRequest) {
    return delete_job(services, std::move(context));
  };
  router.add(std::move(cancel));
}

}  // namespace codehelper
