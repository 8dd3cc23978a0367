#include "model_detection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <regex>
#include <span>
#include <utility>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "model_exchange.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kLimit{20};  // of one call
constexpr std::size_t kCarefulContext = 8192;
constexpr std::size_t kShownModels = 20;

HttpCall make_get(std::string target) {
  HttpCall call;
  call.target = std::move(target);
  call.limit = kLimit;
  return call;
}

std::span<const json::value> entries_in(const json::object& object, std::string_view field) {
  const json::value* found = object.if_contains(field);
  if (found == nullptr || !found->is_array()) return {};
  return {found->as_array().data(), found->as_array().size()};
}

json::object object_in(const json::object& object, std::string_view field) {
  const json::value* found = object.if_contains(field);
  return found == nullptr || !found->is_object() ? json::object() : found->as_object();
}

std::vector<std::string> read_names(const json::object& body, std::string_view list, std::string_view field) {
  std::vector<std::string> names;
  for (const json::value& entry : entries_in(body, list)) {
    if (!entry.is_object()) continue;
    std::string name = text_in(entry.as_object(), field);
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

/// What servers call the context of a model in their lists.
std::size_t read_listed_context(const json::object& entry) {
  constexpr std::array<std::string_view, 4> kFields = {"max_model_len", "context_length", "context_window",
                                                       "max_context_length"};
  for (const std::string_view field : kFields) {
    if (const std::size_t tokens = count_in(entry, field); tokens != 0) return tokens;
  }
  return count_in(object_in(entry, "meta"), "n_ctx_train");
}

/// "PARAMETER"s of a Modelfile, "num_ctx                        8192" a line, say nothing of the model's own limit:
/// that stands under "<family>.context_length".
std::size_t read_ollama_context(const json::object& shown) {
  for (const auto& [key, value] : object_in(shown, "model_info")) {
    const std::string_view name(key.data(), key.size());
    if (name.ends_with(".context_length") && value.is_int64() && value.as_int64() > 0)
      return static_cast<std::size_t>(value.as_int64());
  }
  return 0;
}

std::optional<ToolSupport> read_ollama_tools(const json::object& shown) {
  const auto capabilities = entries_in(shown, "capabilities");
  if (capabilities.empty()) return std::nullopt;
  const bool has_tools = std::ranges::any_of(
      capabilities, [](const json::value& entry) { return entry.is_string() && entry.as_string() == "tools"; });
  return has_tools ? ToolSupport::native : ToolSupport::text;
}

std::unexpected<Error> no_such_model(const LanguageModelOptions& options, const std::vector<std::string>& models) {
  const auto shown = std::span(models).first(std::min(models.size(), kShownModels));
  if (models.empty()) {
    return fail(ErrorCode::not_found,
                "the model server has no model: load one (\"ollama pull qwen2.5-coder\", for instance)");
  }
  return fail(ErrorCode::not_found,
              fmt::format("the model server has no model {}; it has {}{}: set LLM_MODEL to one of them",
                          options.model.empty() ? "for chat" : options.model, fmt::join(shown, ", "),
                          shown.size() < models.size() ? " and more" : ""));
}

class Detection {
 public:
  Detection(RequestContext context, HttpClient& client, Url url, LanguageModelOptions options)
      : context_(std::move(context)), client_(client), url_(std::move(url)), options_(std::move(options)) {}

  Task<Result<DetectedModel>> run() {
    auto api = co_await find_api();
    if (!api) co_return std::unexpected(std::move(api.error()));
    detected_.api = *api;
    auto describing = *api == ModelApi::ollama ? describe_ollama() : describe_openai();
    auto described = co_await std::move(describing);
    if (!described) co_return std::unexpected(std::move(described.error()));
    ModelFacts& facts = detected_.facts;
    if (options_.context_tokens != 0) facts.context_tokens = options_.context_tokens;
    facts.is_context_known = facts.context_tokens != 0;
    if (!facts.is_context_known) facts.context_tokens = kCarefulContext;
    co_return std::move(detected_);
  }

 private:
  Task<Result<ModelApi>> find_api() {
    if (options_.api != ModelApi::automatic) co_return options_.api;
    auto call = make_get("/api/version");
    const auto answer = co_await client_.call(context_, std::move(call));
    if (!answer) {
      const auto code = answer.error().code == ErrorCode::cancelled ? ErrorCode::cancelled : ErrorCode::unavailable;
      co_return fail(code, fmt::format("the model server can't be reached ({}): start it, or correct LLM_URL",
                                       answer.error().message));
    }
    const auto body = parse_json_object(answer->body);
    const bool is_ollama = answer->status == 200 && body && !text_in(*body, "version").empty();
    co_return is_ollama ? ModelApi::ollama : ModelApi::openai;
  }

  Task<Result<json::object>> get(HttpCall call) {
    auto answer = co_await call_server(context_, client_, std::move(call), options_.model);
    if (!answer) co_return std::unexpected(std::move(answer.error().error));
    auto body = parse_json_object(answer->body);
    if (body) co_return std::move(*body);
    co_return fail(ErrorCode::bad_answer,
                   fmt::format("the model server's answer is no JSON object ({}); see that LLM_URL is right",
                               body.error().message));
  }

  Task<Result<void>> describe_ollama() {
    auto listing = make_get("/api/tags");
    auto body = co_await get(std::move(listing));
    if (!body) co_return std::unexpected(std::move(body.error()));
    ModelFacts& facts = detected_.facts;
    facts.server = "ollama";
    facts.models = read_names(*body, "models", "name");
    facts.model = find_model(facts.models, options_.model);
    if (facts.model.empty()) co_return no_such_model(options_, facts.models);
    HttpCall call = make_get("/api/show");
    call.method = "POST";
    call.safe_to_repeat = true;
    call.headers.set("Content-Type", "application/json");
    call.body = json::serialize(json::object{{"model", facts.model}});
    auto shown = co_await client_.call(context_, std::move(call));
    if (!shown) co_return std::unexpected(std::move(shown.error()));
    const auto details = parse_json_object(shown->body);
    if (shown->status != 200 || !details) co_return Result<void>{};  // what is in front of Ollama may hide it
    facts.context_tokens = read_ollama_context(*details);
    facts.tools = read_ollama_tools(*details).value_or(ToolSupport::native);
    co_return Result<void>{};
  }

  Task<Result<void>> describe_openai() {
    ModelFacts& facts = detected_.facts;
    facts.server = "openai-compatible";
    auto call = make_get(openai_target(url_, "models"));
    auto answer = co_await call_server(context_, client_, std::move(call), options_.model);
    const bool has_no_list = !answer && (answer.error().status == 404 || answer.error().status == 405);
    if (!answer && !has_no_list) co_return std::unexpected(std::move(answer.error().error));
    const auto body = answer ? parse_json_object(answer->body) : Result<json::object>(json::object());
    if (!body) {
      co_return fail(ErrorCode::bad_answer, "the list of models is no JSON object; see that LLM_URL is right");
    }
    facts.models = read_names(*body, "data", "id");
    read_server(*body);
    facts.model = find_model(facts.models, options_.model);
    const bool is_whole_list = facts.server == "vllm";
    if (facts.model.empty() && (options_.model.empty() || is_whole_list))
      co_return no_such_model(options_, facts.models);
    if (facts.model.empty()) facts.model = options_.model;
    read_context(*body);
    if (facts.server == "llama-server") co_await read_properties();
    co_return Result<void>{};
  }

  void read_server(const json::object& body) {
    for (const json::value& entry : entries_in(body, "data")) {
      if (!entry.is_object()) continue;
      const std::string owner = text_in(entry.as_object(), "owned_by");
      if (owner == "vllm") detected_.facts.server = "vllm";
      if (owner == "llamacpp") detected_.facts.server = "llama-server";
      if (owner == "library") detected_.facts.server = "ollama";
    }
  }

  void read_context(const json::object& body) {
    for (const json::value& entry : entries_in(body, "data")) {
      if (!entry.is_object() || text_in(entry.as_object(), "id") != detected_.facts.model) continue;
      detected_.facts.context_tokens = read_listed_context(entry.as_object());
    }
  }

  /// llama-server lists what the model was trained with; what it was started with is less.
  Task<void> read_properties() {
    auto call = make_get("/props");
    const auto answer = co_await client_.call(context_, std::move(call));
    if (!answer || answer->status != 200) co_return;
    const auto body = parse_json_object(answer->body);
    if (!body) co_return;
    const std::size_t tokens = count_in(object_in(*body, "default_generation_settings"), "n_ctx");
    if (tokens != 0) detected_.facts.context_tokens = tokens;
  }

  RequestContext context_;
  HttpClient& client_;
  Url url_;
  LanguageModelOptions options_;
  DetectedModel detected_;
};

}  // namespace

std::string openai_target(const Url& url, std::string_view call) {
  static const std::regex kVersion("/v[0-9]+(alpha|beta)?[0-9]*(/|$)");
  return fmt::format("{}/{}", std::regex_search(url.path, kVersion) ? "" : "/v1", call);
}

std::string find_model(const std::vector<std::string>& listed, std::string_view wanted) {
  const auto is_for_chat = [](const std::string& name) {
    const std::string lower = to_lower_ascii(name);
    return !lower.contains("embed") && !lower.contains("bge-") && !lower.contains("rerank") &&
           !lower.contains("whisper");
  };
  const auto is_wanted = [&](const std::string& name) {
    return name == wanted || name == fmt::format("{}:latest", wanted) || name.ends_with(fmt::format("/{}", wanted));
  };
  if (wanted.empty()) {
    const auto found = std::ranges::find_if(listed, is_for_chat);
    return found == listed.end() ? std::string() : *found;
  }
  const auto exact = std::ranges::find(listed, wanted);
  const auto found = exact != listed.end() ? exact : std::ranges::find_if(listed, is_wanted);
  return found == listed.end() ? std::string() : *found;
}

Task<Result<DetectedModel>> detect_model(RequestContext context, HttpClient& client, Url url,
                                         LanguageModelOptions options) {
  Detection detection(std::move(context), client, std::move(url), std::move(options));
  co_return co_await detection.run();
}

}  // namespace codehelper
