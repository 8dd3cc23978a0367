#include "codehelper/agents/model_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codehelper/base/json_fields.hpp"

namespace codehelper {
namespace {

constexpr std::size_t kAnswerTokens = 1024;  // models that think first need some
constexpr std::size_t kMostMeasuredTokens = 16'384;
constexpr std::string_view kNeedle = "heron-4711";

ModelRequest make_request(std::string question) {
  ModelRequest request;
  request.messages.push_back({MessageRole::user, std::move(question)});
  request.max_output_tokens = kAnswerTokens;
  return request;
}

std::string_view fix_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::unauthorized:
      return "set LLM_API_KEY";
    case ErrorCode::not_found:
      return "correct LLM_URL, or set LLM_MODEL to a model that the server has, or load it there";
    case ErrorCode::timeout:
      return "give the server more power or a smaller model, or raise CODEHELPER_LLM_FIRST_SECONDS and "
             "CODEHELPER_LLM_SECONDS";
    case ErrorCode::overloaded:
      return "wait until it has loaded its model, or give it less to do";
    case ErrorCode::bad_answer:
      return "correct LLM_URL or LLM_API: something else answers there";
    default:
      return "start the model server, or correct LLM_URL";
  }
}

std::string_view tool_fix(std::string_view server) {
  if (server == "vllm") return "start vLLM with --enable-auto-tool-choice and the model's --tool-call-parser";
  if (server == "llama-server") return "start llama-server with --jinja, and a model whose template has tools";
  if (server == "ollama") return "choose a model that `ollama show` lists with the capability \"tools\"";
  return "choose a model that can call tools";
}

ModelCheck describe(const ModelFacts& facts) {
  return {"llm",
          fmt::format("{} with model {}, {} tokens of context{}, tools {}", facts.server, facts.model,
                      facts.context_tokens, facts.is_context_known ? "" : " (assumed: set LLM_CONTEXT_TOKENS)",
                      facts.tools == ToolSupport::native ? "by its own protocol" : "as text"),
          ""};
}

Task<ModelCheck> check_answer(RequestContext context, LanguageModel& model) {
  int pieces = 0;
  TextSink count = [&pieces](std::string_view) -> Task<Result<void>> {
    ++pieces;
    co_return Result<void>{};
  };
  auto request = make_request("Count from one to ten in words, separated by commas. Write nothing else.");
  const auto reply = co_await model.ask(std::move(context), std::move(request), std::move(count));
  ModelCheck check{"llm answers", {}, {}};
  if (!reply) {
    check.state = reply.error().message;
    check.fix = fix_of(reply.error());
  } else if (reply->content.empty()) {
    check.state = fmt::format("an empty answer ({})", to_string(reply->finish));
    check.fix = "choose another model: this one has nothing left to say after thinking";
  } else if (pieces < 2) {
    check.state = "yes, in one piece: it is very quick, or it, or a proxy in front of it, doesn't stream";
  } else {
    check.state = fmt::format("yes, streamed in {} pieces", pieces);
  }
  co_return check;
}

Task<ModelCheck> check_tools(RequestContext context, LanguageModel& model, std::string server) {
  auto request = make_request("Call the tool report_number with the number 7.");
  request.tools.push_back(
      {"report_number",
       "Takes a number.",
       {{"type", "object"}, {"properties", {{"number", {{"type", "integer"}}}}}, {"required", {"number"}}}});
  const auto reply = co_await model.ask(std::move(context), std::move(request), {});
  ModelCheck check{"llm tools", {}, {}};
  if (!reply) {
    check.state = reply.error().message;
    check.fix = fix_of(reply.error());
    co_return check;
  }
  const auto is_right = [](const ToolCall& call) {
    const auto arguments = parse_json_object(call.arguments);
    return call.name == "report_number" && arguments && count_in(*arguments, "number") == 7;
  };
  if (std::ranges::any_of(reply->tool_calls, is_right)) {
    check.state = "called as asked";
  } else {
    check.state = reply->tool_calls.empty() ? "the model answered without a call" : "the model made a wrong call";
    check.fix = tool_fix(server);
  }
  co_return check;
}

/// A prompt of about `tokens` whose front holds the needle.
ModelRequest hide_needle(std::size_t tokens) {
  std::string text = fmt::format("Remember this word: {}.\n\n", kNeedle);
  for (int line = 1; estimate_tokens(text) < tokens; ++line) {
    text += fmt::format("Note {}: the visitors of that day saw the harbour, the old market and the hill.\n", line);
  }
  return make_request(text + "\nWhich word were you told to remember? Answer with that word only.");
}

Task<ModelCheck> check_context(RequestContext context, LanguageModel& model, ModelFacts facts) {
  ModelCheck check{"llm context", {}, {}};
  const std::size_t most = std::min(facts.context_tokens, kMostMeasuredTokens);
  if (most < 2 * kAnswerTokens) {
    check.state = fmt::format("{} tokens", facts.context_tokens);
    check.fix = "choose a model with a context of 8192 tokens or more";
    co_return check;
  }
  const std::size_t tokens = most - kAnswerTokens;
  auto request = hide_needle(tokens);
  const auto reply = co_await model.ask(std::move(context), std::move(request), {});
  const std::string beyond =
      facts.context_tokens > most
          ? fmt::format("; the {} that the server promises are not measured: too costly", facts.context_tokens)
          : "";
  if (!reply) {
    check.state = fmt::format("a prompt of about {} tokens failed: {}", tokens, reply.error().message);
    check.fix = reply.error().code == ErrorCode::too_large ? "set LLM_CONTEXT_TOKENS to less" : fix_of(reply.error());
  } else if (reply->content.contains(kNeedle)) {
    const std::size_t read = reply->usage.is_estimate ? tokens : reply->usage.prompt;
    check.state = fmt::format("a word at the front of {} tokens was found{}", read, beyond);
  } else {
    check.state = fmt::format("a word at the front of about {} tokens was not found", tokens);
    check.fix = facts.server == "ollama"
                    ? "the server cuts prompts in silence: set LLM_API=ollama, or OLLAMA_CONTEXT_LENGTH there"
                    : "the server cuts prompts, or the model forgets: set LLM_CONTEXT_TOKENS to less";
  }
  co_return check;
}

}  // namespace

Task<std::vector<ModelCheck>> check_model(RequestContext context, LanguageModel& model) {
  std::vector<ModelCheck> checks;
  const auto facts = co_await model.describe(context);
  if (!facts) {
    checks.push_back({"llm", facts.error().message, std::string(fix_of(facts.error()))});
    co_return checks;
  }
  checks.push_back(describe(*facts));
  auto answered = co_await check_answer(context, model);
  const bool is_fine = answered.fix.empty();
  checks.push_back(std::move(answered));
  if (!is_fine) co_return checks;
  auto called = co_await check_tools(context, model, facts->server);
  checks.push_back(std::move(called));
  auto measured = co_await check_context(context, model, *facts);
  checks.push_back(std::move(measured));
  co_return checks;
}

}  // namespace codehelper
