#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <string>
#include <utility>

#include "chroma_answers.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/chroma_store.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::string_view kCollections = "/api/v2/tenants/default_tenant/databases/default_database/collections";
constexpr std::string_view kName = "codehelper-probe";
constexpr std::size_t kShownBytes = 200;

json::object make_metadata() {
  return {{"purpose", "is written by readiness checks, to see whether Chroma can write"}};
}

HttpCall make_call(std::string method, std::string target, std::string body) {
  HttpCall call;
  call.method = std::move(method);
  call.target = std::string(kCollections) + std::move(target);
  call.body = std::move(body);
  call.safe_to_repeat = true;
  return call;
}

std::unexpected<Error> no_working_chroma(const HttpAnswer& answer) {
  return fail(ErrorCode::bad_answer,
              fmt::format("what answers at VECTOR_DB_URL is no working Chroma with API v2 ({} {})", answer.status,
                          to_valid_utf8(answer.body.substr(0, kShownBytes))));
}

}  // namespace

Task<Result<void>> check_chroma(RequestContext context, HttpClient& client, std::chrono::milliseconds limit) {
  const RequestContext limited = context.with_deadline(Deadline::after(limit));
  HttpCall look = make_call("GET", fmt::format("/{}", kName), {});
  auto found = co_await client.call(limited, std::move(look));
  const bool is_missing = found && is_chroma_not_found(*found);
  if (is_missing) {
    const json::object body{{"name", kName}, {"get_or_create", true}, {"metadata", make_metadata()}};
    HttpCall make = make_call("POST", {}, json::serialize(body));
    found = co_await client.call(limited, std::move(make));
  }
  if (!found) co_return std::unexpected(found.error());
  const auto collection = parse_chroma_collection(found->body);
  if (found->status / 100 != 2 || !collection) co_return no_working_chroma(*found);
  if (is_missing) co_return Result<void>{};  // it was written just now

  HttpCall write =
      make_call("PUT", "/" + collection->id, json::serialize(json::object{{"new_metadata", make_metadata()}}));
  const auto written = co_await client.call(limited, std::move(write));
  if (!written) co_return std::unexpected(written.error());
  const bool was_replaced = is_chroma_not_found(*written);  // between the two calls
  if (written->status / 100 == 2 || was_replaced) co_return Result<void>{};
  co_return no_working_chroma(*written);
}

}  // namespace codehelper
