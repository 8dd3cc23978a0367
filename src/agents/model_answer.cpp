#include "model_answer.hpp"

#include <utility>

#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

void trim_end(std::string& text) {
  text.resize(text.find_last_not_of(" \t\r\n") + 1);
}

// What was cut in the middle of a call's arguments is no call that the model made.
void drop_cut_call(std::vector<ToolCall>& calls) {
  if (!calls.empty() && !is_json_object(calls.back().arguments)) calls.pop_back();
}

}  // namespace

void ModelAnswer::add_content(std::string_view piece) {
  if (piece.empty() || is_cut_) return;
  ++pieces_;
  give(splitter_.feed(piece));
}

void ModelAnswer::add_reasoning(std::string_view piece) {
  if (piece.empty() || is_cut_) return;
  ++pieces_;
  reasoning_ += piece;
}

void ModelAnswer::add_call(const boost::json::value& entry) {
  if (is_cut_) return;
  ++pieces_;
  calls_.add(entry);
  if (calls_.argument_bytes() > max_bytes_) cut();
}

void ModelAnswer::finish(std::string_view reason) {
  if (is_cut_) return;
  ++pieces_;
  finish_reason_ = reason;
}

void ModelAnswer::give(ReasoningSplitter::Parts parts) {
  reasoning_ += parts.reasoning;
  std::string text = filter_.feed(parts.content);
  const std::size_t room = max_bytes_ - content_.size();
  if (text.size() > room) {
    text.resize(character_border(text, room));
    cut();
  }
  content_ += text;
  new_text_ += text;
}

void ModelAnswer::cut() {
  finish("length");
  is_cut_ = true;
}

Result<ModelAnswer::End> ModelAnswer::end() {
  if (!is_finished()) {
    return fail(ErrorCode::bad_answer,
                "the model's answer ended without a finish: it was cut off; see the model server's log");
  }
  give(splitter_.end());
  const std::string rest = filter_.end();
  content_ += rest;
  new_text_ += rest;

  End end;
  end.last_text = take_text();
  ModelReply& reply = end.reply;
  reply.content = std::move(content_);
  reply.reasoning = std::move(reasoning_);
  move_unopened_reasoning(reply.content, reply.reasoning);
  reply.tool_calls = calls_.finish();
  end.has_text_calls = reply.tool_calls.empty() && !filter_.calls().empty();
  if (end.has_text_calls) reply.tool_calls = filter_.calls();
  if (!filter_.calls().empty()) trim_end(reply.content);
  if (finish_reason_ == "length") drop_cut_call(reply.tool_calls);

  // Servers say "stop" for calls, and "tool_calls" for none: the calls themselves decide.
  reply.finish = FinishReason::stop;
  if (finish_reason_ == "length") reply.finish = FinishReason::length;
  if (finish_reason_ == "content_filter" || finish_reason_ == "refusal") reply.finish = FinishReason::refused;
  if (!reply.tool_calls.empty()) reply.finish = FinishReason::tool_calls;
  end.has_usage = usage_.has_value();
  reply.usage = usage_.value_or(TokenUsage{});
  return end;
}

}  // namespace codehelper
