#include "chroma_api.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "chroma_answers.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::string_view kDatabase = "/api/v2/tenants/default_tenant/databases/default_database";
constexpr std::chrono::milliseconds kFirstPause{250};
constexpr std::chrono::milliseconds kLongestPause{5'000};
// Well above the 100 neighbours that are asked for, so that few of the true ones are missed (Malkov and Yashunin,
// 2018).
constexpr int kEfSearch = 400;
constexpr int kEfConstruction = 200;

HttpCall make_call(std::string method, std::string target, std::string body = {}) {
  HttpCall call;
  call.method = std::move(method);
  call.target = std::string(kDatabase) + std::move(target);
  call.body = std::move(body);
  call.safe_to_repeat = true;
  return call;
}

std::string records_target(const std::string& id, std::string_view verb) {
  return fmt::format("/collections/{}/{}", id, verb);
}

}  // namespace

Task<Result<std::string>> ChromaApi::call(RequestContext context, HttpCall call) {
  const Deadline patience = Deadline::after(options_.patience);
  std::chrono::milliseconds pause = kFirstPause;
  while (true) {
    HttpCall attempt = call;
    auto answer = co_await client_.call(context, std::move(attempt));
    auto read = read_chroma_answer(std::move(answer), call);
    if (read) co_return std::move(read->body);
    const ChromaFailure failure = std::move(read.error());
    const bool is_over = options_.patience.count() == 0 || patience.remaining() < pause || context.deadline.passed();
    if (!failure.may_pass || is_over) co_return std::unexpected(failure.error);
    context.log.warning("chroma_call_repeated", {{"cause", failure.error.message}, {"pause_ms", pause.count()}});
    auto slept = co_await sleep_for(pause);
    if (!slept) co_return std::unexpected(slept.error());
    pause = std::min(2 * pause, kLongestPause);
  }
}

Task<Result<std::optional<ChromaCollection>>> ChromaApi::find_collection(RequestContext context, std::string name) {
  HttpCall find = make_call("GET", "/collections/" + name);
  find.limit = options_.call_limit;
  auto answer = co_await call(std::move(context), std::move(find));
  if (!answer && answer.error().code == ErrorCode::not_found) co_return std::nullopt;
  if (!answer) co_return std::unexpected(answer.error());
  auto collection = parse_chroma_collection(*answer);
  if (!collection) co_return std::unexpected(collection.error());
  co_return std::move(*collection);
}

Task<Result<ChromaCollection>> ChromaApi::make_collection(RequestContext context, std::string name,
                                                          json::object metadata) {
  const json::object hnsw{{"space", "cosine"}, {"ef_search", kEfSearch}, {"ef_construction", kEfConstruction}};
  const json::object body{{"name", name},
                          {"get_or_create", true},
                          {"metadata", std::move(metadata)},
                          {"configuration", json::object{{"hnsw", hnsw}}}};
  HttpCall make = make_call("POST", "/collections", json::serialize(body));
  make.limit = options_.write_limit;
  auto answer = co_await call(std::move(context), std::move(make));
  if (!answer) co_return std::unexpected(answer.error());
  co_return parse_chroma_collection(*answer);
}

Task<Result<void>> ChromaApi::set_metadata(RequestContext context, std::string id, json::object metadata) {
  const json::object body{{"new_metadata", std::move(metadata)}};
  HttpCall set = make_call("PUT", "/collections/" + id, json::serialize(body));
  set.limit = options_.call_limit;
  auto answer = co_await call(std::move(context), std::move(set));
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

Task<Result<void>> ChromaApi::remove_collection(RequestContext context, std::string name) {
  HttpCall remove = make_call("DELETE", "/collections/" + name);
  remove.limit = options_.write_limit;
  auto answer = co_await call(std::move(context), std::move(remove));
  if (!answer && answer.error().code != ErrorCode::not_found) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

Task<Result<void>> ChromaApi::write(RequestContext context, std::string id, std::string verb, std::string body) {
  HttpCall write = make_call("POST", records_target(id, verb), std::move(body));
  write.limit = options_.write_limit;
  auto answer = co_await call(std::move(context), std::move(write));
  if (!answer) co_return std::unexpected(answer.error());
  co_return Result<void>{};
}

Task<Result<ChromaRecords>> ChromaApi::read_records(RequestContext context, HttpCall given) {
  given.limit = options_.call_limit;
  auto answer = co_await call(std::move(context), std::move(given));
  if (!answer) co_return std::unexpected(answer.error());
  auto parse = [text = std::move(*answer)] { return parse_chroma_records(text); };
  co_return co_await loop_.run_blocking(std::move(parse));
}

Task<Result<ChromaRecords>> ChromaApi::get(RequestContext context, std::string id, json::object body) {
  HttpCall get = make_call("POST", records_target(id, "get"), json::serialize(body));
  co_return co_await read_records(std::move(context), std::move(get));
}

Task<Result<ChromaRecords>> ChromaApi::query(RequestContext context, std::string id, std::string body) {
  HttpCall query = make_call("POST", records_target(id, "query"), std::move(body));
  co_return co_await read_records(std::move(context), std::move(query));
}

Task<Result<std::uint64_t>> ChromaApi::count(RequestContext context, std::string id) {
  HttpCall count = make_call("GET", records_target(id, "count"));
  count.limit = options_.call_limit;
  auto answer = co_await call(std::move(context), std::move(count));
  if (!answer) co_return std::unexpected(answer.error());
  co_return parse_chroma_count(*answer);
}

}  // namespace codehelper
