#include "codehelper/agents/model_server.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include "model_detection.hpp"
#include "model_exchange.hpp"
#include "ollama_model.hpp"
#include "openai_model.hpp"

namespace codehelper {
namespace {

constexpr int kMostLessons = 4;  // one for each habit
constexpr std::size_t kLeastOutputTokens = 256;
/// Bytes a token at most, over a whole answer.
constexpr std::size_t kLongestToken = 16;

class ServedModel final : public LanguageModel {
 public:
  ServedModel(HttpClient& client, Url url, LanguageModelOptions options)
      : client_(client), url_(std::move(url)), options_(std::move(options)) {}

  Task<Result<ModelFacts>> describe(RequestContext context) override {
    auto work = know(std::move(context));
    auto known = co_await in_words(std::move(work));
    if (!known) co_return std::unexpected(std::move(known.error()));
    ModelFacts facts = (*known)->facts;
    facts.tools = habits_.tools;
    co_return facts;
  }

  Task<Result<ModelReply>> ask(RequestContext context, ModelRequest request, TextSink on_text) override {
    context = context.with_deadline(Deadline::after(options_.limits.total));
    auto work = ask_known(std::move(context), std::move(request), std::move(on_text));
    co_return co_await in_words(std::move(work));
  }

 private:
  using Known = std::shared_ptr<const DetectedModel>;  // outlives what other questions forget meanwhile

  /// Cancellation, which Asio reports as an exception of the next await, as an error; and no error with the key in it.
  template <class T>
  Task<Result<T>> in_words(Task<Result<T>> work) {
    Result<T> result = fail(ErrorCode::cancelled, "the question to the model was cancelled");
    try {
      result = co_await std::move(work);
    } catch (const boost::system::system_error& error) {
      if (error.code() != boost::asio::error::operation_aborted) throw;
    }
    if (!result) hide_key(result.error().message);
    co_return result;
  }

  void hide_key(std::string& text) const {
    const std::string& key = options_.api_key;
    while (!key.empty() && text.contains(key)) text.replace(text.find(key), key.size(), "[key]");
  }

  Task<Result<Known>> know(RequestContext context) {
    if (known_) co_return known_;
    auto detected = co_await detect_model(std::move(context), client_, url_, options_);
    if (!detected) co_return std::unexpected(std::move(detected.error()));
    known_ = std::make_shared<const DetectedModel>(std::move(*detected));
    habits_ = ServerHabits{};
    habits_.tools = known_->facts.tools;
    window_tokens_ = 0;
    co_return known_;
  }

  Task<Result<ModelReply>> ask_known(RequestContext context, ModelRequest request, TextSink on_text) {
    auto known = co_await know(context);
    if (!known) co_return std::unexpected(std::move(known.error()));
    const DetectedModel& model = **known;
    auto fits = check_length(model, request);
    if (!fits) co_return std::unexpected(std::move(fits.error()));
    auto outcome = co_await ask_adapting(context, model, request, on_text);
    if (!outcome) {
      const ErrorCode code = outcome.error().error.code;
      // It may have been started again with something else.
      if (code == ErrorCode::unavailable || code == ErrorCode::bad_answer) known_.reset();
      co_return std::unexpected(std::move(outcome.error().error));
    }
    co_return conclude(context, model, request, std::move(*outcome));
  }

  /// Asks again, at once and otherwise, when the server refuses something that can be done without.
  Task<ModelOutcome> ask_adapting(RequestContext context, const DetectedModel& model, const ModelRequest& request,
                                  const TextSink& on_text) {
    ServerHabits habits = habits_;
    for (int lessons = 0;; ++lessons) {
      auto question = make_question(model, request, habits);
      auto outcome = co_await ask_server(context, client_, std::move(question), options_.limits, on_text);
      if (outcome) {
        habits_ = habits;
        co_return outcome;
      }
      const ServerHabits learnt = learn_from_refusal(habits, outcome.error(), request);
      if (learnt == habits || lessons == kMostLessons) co_return outcome;
      context.log.info("model_asked_otherwise", {{"cause", outcome.error().error.message}});
      habits = learnt;
    }
  }

  ModelQuestion make_question(const DetectedModel& model, const ModelRequest& request, const ServerHabits& habits) {
    ModelQuestion question;
    question.model = model.facts.model;
    question.max_answer_bytes = request.max_output_tokens * kLongestToken;
    for (const ToolSpec& tool : request.tools) question.tool_names.push_back(tool.name);
    ModelRequest sent = habits.takes_schema ? request : write_schema_as_text(request);
    if (habits.tools == ToolSupport::text) sent = write_tools_as_text(std::move(sent));
    question.call.method = "POST";
    question.call.headers.set("Content-Type", "application/json");
    question.call.limit = options_.limits.total;
    question.call.safe_to_repeat = true;  // while nothing of an answer has come
    if (model.api == ModelApi::ollama) {
      const std::size_t needed = estimate_tokens(sent) + sent.max_output_tokens;
      window_tokens_ = choose_window(needed, window_tokens_, known_limit(model));
      question.call.target = "/api/chat";
      question.call.body = make_ollama_request(question.model, sent, window_tokens_);
      question.make_reader = make_ollama_reader;
      return question;
    }
    sent.max_output_tokens = fit_output(model, sent);
    question.call.target = openai_target(url_, "chat/completions");
    question.call.headers.set("Accept", "text/event-stream, application/json");
    question.call.body = make_openai_request(question.model, sent, habits);
    question.make_reader = make_openai_reader;
    return question;
  }

  /// 0 = not known.
  static std::size_t known_limit(const DetectedModel& model) {
    return model.facts.is_context_known ? model.facts.context_tokens : 0;
  }

  /// Servers refuse a prompt whose answer might not fit behind it.
  static std::size_t fit_output(const DetectedModel& model, const ModelRequest& request) {
    const std::size_t limit = known_limit(model);
    if (limit == 0) return request.max_output_tokens;
    const std::size_t left = limit - std::min(limit, estimate_tokens(request));
    return std::min(request.max_output_tokens, std::max(left, kLeastOutputTokens));
  }

  /// The estimate may be twice too high, so only what can't fit is refused before the server is asked.
  static Result<void> check_length(const DetectedModel& model, const ModelRequest& request) {
    const std::size_t limit = known_limit(model);
    const std::size_t estimate = estimate_tokens(request);
    if (limit == 0 || estimate / 2 <= limit) return {};
    return fail(ErrorCode::too_large,
                fmt::format("the prompt of about {} tokens doesn't fit the context of {}, which has {}", estimate,
                            model.facts.model, limit));
  }

  Result<ModelReply> conclude(const RequestContext& context, const DetectedModel& model, const ModelRequest& request,
                              ModelAnswer::End end) {
    ModelReply& reply = end.reply;
    const std::size_t estimate = estimate_tokens(request);
    if (model.api == ModelApi::ollama && was_prompt_cut(estimate, reply.usage.prompt)) {
      return fail(ErrorCode::too_large,
                  fmt::format("the model server read only {} of about {} tokens and answered without the rest: give it "
                              "a larger context (OLLAMA_CONTEXT_LENGTH), or set LLM_CONTEXT_TOKENS to {}",
                              reply.usage.prompt, estimate, reply.usage.prompt));
    }
    if (!end.has_usage) {
      std::size_t completion = estimate_tokens(reply.content) + estimate_tokens(reply.reasoning);
      for (const ToolCall& call : reply.tool_calls) completion += estimate_tokens(call.name + call.arguments);
      reply.usage = {estimate, completion, true};
    }
    if (habits_.tools == ToolSupport::text) return std::move(reply);
    if (end.has_text_calls) {
      context.log.warning(
          "tool_calls_as_text",
          {{"model", model.facts.model},
           {"fix",
            "the server doesn't parse this model's calls: llama-server needs --jinja, vLLM "
            "--enable-auto-tool-choice and the right --tool-call-parser, Ollama a template with tools"}});
      // A model that calls properly at other times only slipped.
      if (!has_called_natively_) habits_.tools = ToolSupport::text;
    }
    has_called_natively_ = has_called_natively_ || (!end.has_text_calls && !reply.tool_calls.empty());
    return std::move(reply);
  }

  HttpClient& client_;
  Url url_;
  LanguageModelOptions options_;
  Known known_;  // null = to be found out
  ServerHabits habits_;
  std::size_t window_tokens_ = 0;  // that Ollama's model was loaded with last
  bool has_called_natively_ = false;
};

}  // namespace

std::string model_base_url(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  if (url.ends_with("/v1")) url.resize(url.size() - 3);
  return url;
}

Result<std::unique_ptr<LanguageModel>> make_language_model(HttpClient& client, LanguageModelOptions options) {
  auto url = parse_url(options.url);
  if (!url) return std::unexpected(std::move(url.error()));
  return std::make_unique<ServedModel>(client, std::move(*url), std::move(options));
}

}  // namespace codehelper
