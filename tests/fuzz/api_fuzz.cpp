// The routes of the API and of the Runner over fakes, with any query and any body: each has an answer that is no
// internal error, and an error says so in JSON. The first line is the method and the target, perhaps with " stream"
// behind; the rest is the body.
#include <boost/json/parse.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codehelper/api/routes.hpp"
#include "git_repository.hpp"
#include "request_target.hpp"
#include "support/fake_services.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

struct Discard final : BodyWriter {
  Task<Result<void>> write(std::string /*bytes*/) override { co_return Result<void>{}; }
};

void check(const HttpReply& reply) {
  if (reply.status == 500) std::abort();
  if (reply.status < 400) return;
  if (!boost::json::parse(reply.body).as_object().contains("error")) std::abort();
}

Task<void> answer(const HttpHandler& handler, HttpRequest request) {
  auto replied = co_await handler({}, std::move(request));
  const HttpReply reply = replied ? std::move(*replied) : make_error_reply(replied.error(), "id");
  check(reply);
  Discard writer;
  if (reply.stream) static_cast<void>(co_await reply.stream({}, writer));
}

std::unique_ptr<SharedState> keep_state_in_memory(FakeServices& services) {
  return make_own_state({(services.folder.path() / "repo").string(), ""});
}

/// All but those that ask other servers how they are.
Router make_router(FakeServices& services) {
  Router router;
  add_base_routes(router, services.metrics);
  add_project_routes(router, services.api);
  add_file_routes(router, services.api);
  add_search_routes(router, services.api);
  add_symbols_routes(router, services.api);
  add_chat_routes(router, services.api);
  add_conversation_routes(router, services.api);
  add_run_routes(router, services.api);
  add_openai_routes(router, services.api);
  add_runner_routes(router, services.runner_service);
  return router;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string first_id =
      git_blob_id("");  // libgit2 and OpenSSL are to end after the threads that use them
  static FakeServices services(keep_state_in_memory);
  static const Router router = make_router(services);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view line = text.substr(0, text.find('\n'));
  HttpRequest request;
  request.body = text.substr(std::min(line.size() + 1, text.size()));
  request.headers.add("Content-Type", "application/json");
  constexpr std::string_view kStream = " stream";
  if (line.ends_with(kStream)) {
    request.headers.add("Accept", "text/event-stream");
    line.remove_suffix(kStream.size());
  }
  request.method = line.substr(0, line.find(' '));
  const auto target = parse_request_target(line.substr(std::min(request.method.size() + 1, line.size())));
  if (!target) return 0;
  const auto found = router.find(request.method, target->raw_path);
  const auto* match = std::get_if<RouteMatch>(&found);
  if (match == nullptr) return 0;
  request.path = target->path;
  request.query = target->query;
  request.parameters = match->parameters;
  run_until_done(services.loop, answer(match->route->handler, std::move(request)));
  services.forget();
  return 0;
}
