// A model server that speaks OpenAI's API or Ollama's own as shared/protocols.md section 3 has them. What it answers is
// told in parts that mean the same in both, or as raw bytes.
#pragma once

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "codehelper/agents/model_server.hpp"
#include "support/scripted_server.hpp"

namespace codehelper::test {

/// The text of one answer's body.
class ModelText {
 public:
  explicit ModelText(ModelApi api) : api_(api) {}

  ModelText& say(std::string_view text) { return add({{"content", text}}); }
  ModelText& think(std::string_view text) {
    return add({{api_ == ModelApi::ollama ? "thinking" : "reasoning_content", text}});
  }
  /// In fragments where the API has them.
  ModelText& call(std::string_view id, std::string_view name, std::string_view arguments) {
    if (api_ == ModelApi::ollama) {
      return add_call({{"id", id}, {"function", {{"name", name}, {"arguments", boost::json::parse(arguments)}}}});
    }
    const int index = calls_++;
    add_call({{"index", index}, {"id", id}, {"function", {{"name", name}, {"arguments", ""}}}});
    for (const std::string_view part :
         {arguments.substr(0, 5), arguments.substr(std::min<std::size_t>(5, arguments.size()))}) {
      add_call({{"index", index}, {"function", {{"arguments", part}}}});
    }
    return *this;
  }
  ModelText& fail(std::string_view message) { return add_line({{"error", message}}); }
  ModelText& finish(std::string_view reason, int prompt, int completion) {
    if (api_ == ModelApi::ollama) {
      return add_line({{"message", {{"content", ""}}},
                       {"done", true},
                       {"done_reason", reason},
                       {"prompt_eval_count", prompt},
                       {"eval_count", completion}});
    }
    add_line({{"choices", {{{"index", 0}, {"delta", boost::json::object()}, {"finish_reason", reason}}}}});
    add_line(
        {{"choices", boost::json::array()}, {"usage", {{"prompt_tokens", prompt}, {"completion_tokens", completion}}}});
    text_ += "data: [DONE]\n\n";
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  ModelText& add(boost::json::object delta) {
    if (api_ == ModelApi::ollama) return add_line({{"message", std::move(delta)}, {"done", false}});
    boost::json::object choice{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", nullptr}};
    return add_line({{"choices", boost::json::array{std::move(choice)}}});
  }
  ModelText& add_call(boost::json::object call) { return add({{"tool_calls", boost::json::array{std::move(call)}}}); }
  ModelText& add_line(const boost::json::object& line) {
    text_ += api_ == ModelApi::ollama ? boost::json::serialize(line) + "\n"
                                      : fmt::format("data: {}\n\n", boost::json::serialize(line));
    return *this;
  }

  ModelApi api_;
  std::string text_;
  int calls_ = 0;
};

class ModelDouble {
 public:
  /// Answers one question over the open connection, which is closed afterwards.
  using Answer = std::function<Task<void>(ScriptedPeer& peer)>;

  ModelDouble(EventLoop& loop, ModelApi api)
      : api_(api), server_(loop, [this](ScriptedPeer& peer, int) { return serve(peer); }) {}

  std::string url() const { return server_.url(); }
  /// The bodies of the questions.
  const std::vector<boost::json::object>& questions() const { return questions_; }
  const std::vector<std::string>& requests() const { return server_.requests(); }
  ModelText text() const { return ModelText(api_); }

  static std::string head(int status, std::string_view headers = {}) {
    return fmt::format("HTTP/1.1 {} X\r\nConnection: close\r\n{}\r\n", status, headers);
  }
  /// What is answered next; the last one stays.
  void answer_with(Answer answer) { answers_.push_back(std::move(answer)); }
  void answer_with(int status, std::string body, std::string headers = {}) {
    answer_with([bytes = head(status, headers) + body](ScriptedPeer& peer) { return peer.write(bytes); });
  }
  void answer_with(const ModelText& text) { answer_with(200, text.text()); }

  // What it says of itself.
  std::vector<std::string> models = {"coder:7b"};
  std::string owner = "vllm";  // of the list of OpenAI's API
  int context_tokens = 32'768;
  bool has_tools = true;  // as Ollama says it

 private:
  Task<void> serve(ScriptedPeer& peer) {
    while (true) {
      const std::string request = co_await peer.read_request();
      if (request.empty()) co_return;
      const std::string line = request.substr(0, request.find(" HTTP/"));
      const bool is_question = line == (api_ == ModelApi::ollama ? "POST /api/chat" : "POST /v1/chat/completions");
      if (!is_question) {
        co_await peer.write(describe(line));
        continue;
      }
      questions_.push_back(boost::json::parse(request.substr(request.find("\r\n\r\n") + 4)).as_object());
      const Answer answer = answers_.front();
      if (answers_.size() > 1) answers_.pop_front();
      co_await answer(peer);
      co_return;
    }
  }

  std::string describe(const std::string& line) const {
    boost::json::object body;
    if (api_ == ModelApi::ollama && line == "GET /api/version") body["version"] = "0.13.0";
    if (api_ == ModelApi::ollama && line == "GET /api/tags") body["models"] = list("name", {});
    if (api_ == ModelApi::ollama && line == "POST /api/show") {
      body["model_info"] = {{"general.architecture", "qwen2"}, {"qwen2.context_length", context_tokens}};
      body["capabilities"] = boost::json::array{"completion"};
      if (has_tools) body["capabilities"].as_array().push_back("tools");
    }
    if (api_ == ModelApi::openai && line == "GET /v1/models") {
      body["data"] = list("id", {{"owned_by", owner}, {"max_model_len", context_tokens}});
    }
    const std::string text = boost::json::serialize(body);
    return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", body.empty() ? 404 : 200, text.size(), text);
  }

  boost::json::array list(std::string_view field, const boost::json::object& more) const {
    boost::json::array entries;
    for (const std::string& name : models) {
      boost::json::object entry = more;
      entry[field] = name;
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  ModelApi api_;
  std::deque<Answer> answers_;
  std::vector<boost::json::object> questions_;
  ScriptedServer server_;
};

}  // namespace codehelper::test
