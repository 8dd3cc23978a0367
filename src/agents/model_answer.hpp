// One answer of a model as it comes: what the readers of both protocols fill and callers take from.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/agents/language_model.hpp"
#include "reasoning_splitter.hpp"
#include "text_tools.hpp"
#include "tool_call_accumulator.hpp"

namespace codehelper {

class ModelAnswer {
 public:
  /// The names of the tools that were offered: calls of them are also looked for in the text. Text or arguments of more
  /// than `max_bytes` end the answer as one that reached its limit of length.
  ModelAnswer(std::vector<std::string> tool_names, std::size_t max_bytes)
      : filter_(std::move(tool_names)), max_bytes_(max_bytes) {}

  void add_content(std::string_view piece);
  void add_reasoning(std::string_view piece);
  void add_call(const boost::json::value& entry);
  /// As the server has it: "stop", "length", "content_filter", "tool_calls" and others.
  void finish(std::string_view reason);
  void set_usage(std::size_t prompt, std::size_t completion) { usage_ = TokenUsage{prompt, completion, false}; }

  /// How many pieces of whatever kind have come: it stands still when the model does.
  std::size_t pieces() const { return pieces_; }
  bool is_finished() const { return !finish_reason_.empty(); }
  /// The text that has come since the last call.
  std::string take_text() { return std::exchange(new_text_, {}); }

  struct End {
    ModelReply reply;
    std::string last_text;  // that was held back until now
    bool has_text_calls = false;
    bool has_usage = false;
  };
  /// After the last byte. Errors: bad_answer when the server never said that the answer was finished.
  Result<End> end();

 private:
  void give(ReasoningSplitter::Parts parts);
  void cut();

  ReasoningSplitter splitter_;
  TextCallFilter filter_;
  ToolCallAccumulator calls_;
  std::string content_;
  std::string reasoning_;
  std::string new_text_;
  std::string finish_reason_;
  std::optional<TokenUsage> usage_;
  std::size_t pieces_ = 0;
  std::size_t max_bytes_;
  bool is_cut_ = false;  // here: what still comes is left aside
};

/// Takes the body of an answer, cut anywhere, and fills a ModelAnswer.
class ModelAnswerReader {
 public:
  virtual ~ModelAnswerReader() = default;
  /// Errors: those that the server reports in the middle of its answer (unavailable, overloaded, too_large), and
  /// bad_answer for what is not its protocol.
  virtual Result<void> feed(std::string_view bytes) = 0;
  /// The body ended, or what still comes doesn't matter.
  virtual Result<void> end() = 0;
};

}  // namespace codehelper
