// Tool calling for models that have only text: what they are told, and their calls found in what they write. The shape
// is that of Hermes and Qwen, <tool_call>{"name":…,"arguments":{…}}</tool_call>; a fenced or bare JSON object with the
// name of a known tool is taken too, since smaller models write that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/agents/language_model.hpp"

namespace codehelper {

/// The same conversation without tools, calls and tool messages: tools are described in the system message, calls are
/// text of the assistant, results come from the user. Neighbours of one role become one message, since many templates
/// demand that roles alternate.
ModelRequest write_tools_as_text(ModelRequest request);

/// The same request without a schema, which the system message asks to be followed.
ModelRequest write_schema_as_text(ModelRequest request);

/// Parts a text that comes in pieces, cut anywhere, into calls and the rest. Holds back only what may be a call.
class TextCallFilter {
 public:
  /// Without a tool, everything is text.
  explicit TextCallFilter(std::vector<std::string> tool_names) : tool_names_(std::move(tool_names)) {}

  /// The text that is no part of a call and has become certain. After a call nothing is: a model that goes on by itself
  /// makes up the results.
  std::string feed(std::string_view piece);
  /// What is left at the end.
  std::string end();
  const std::vector<ToolCall>& calls() const { return calls_; }

 private:
  enum class Opening { none, tag, fence, object };
  enum class Verdict { unknown, text, call };
  struct Judgement {
    Verdict verdict = Verdict::unknown;
    std::size_t bytes = 0;  // that it covers
  };
  struct Place {
    Opening opening = Opening::none;
    std::size_t at = 0;  // first byte that can't be given out yet
  };

  std::string drain();
  void give(std::size_t bytes, std::string& text);
  Place find_opening() const;
  Judgement judge(Opening opening);
  Judgement judge_tag();
  Judgement judge_fence();
  Judgement judge_object(std::size_t begin);
  bool take_calls(std::string_view payload);
  bool take_broken_call(std::string_view payload);

  std::vector<std::string> tool_names_;
  std::vector<ToolCall> calls_;
  std::string held_;
  bool is_line_blank_ = true;  // of what was given out behind the last line end
  bool has_ended_ = false;
};

}  // namespace codehelper
