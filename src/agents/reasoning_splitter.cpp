#include "reasoning_splitter.hpp"

#include <algorithm>
#include <utility>

namespace codehelper {
namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";
constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

ReasoningSplitter::Parts ReasoningSplitter::feed(std::string_view piece) {
  Parts parts;
  held_ += piece;
  while (state_ != State::content) {
    if (state_ == State::before) {
      held_.erase(0, std::min(held_.find_first_not_of(kBlanks), held_.size()));
      const bool may_open = kOpen.starts_with(std::string_view(held_).substr(0, kOpen.size()));
      if (may_open && held_.size() < kOpen.size()) return parts;
      if (may_open) held_.erase(0, kOpen.size());
      state_ = may_open ? State::reasoning : State::content;
      continue;
    }
    const std::size_t close = held_.find(kClose);
    if (close == std::string::npos) {
      std::size_t open = std::min(held_.size(), kClose.size() - 1);
      while (open > 0 && !held_.ends_with(kClose.substr(0, open))) --open;
      parts.reasoning += held_.substr(0, held_.size() - open);
      held_.erase(0, held_.size() - open);
      return parts;
    }
    parts.reasoning += held_.substr(0, close);
    held_.erase(0, close + kClose.size());
    state_ = State::before;
  }
  parts.content = std::exchange(held_, {});
  return parts;
}

ReasoningSplitter::Parts ReasoningSplitter::end() {
  std::string rest = std::exchange(held_, {});
  if (state_ == State::reasoning) return {{}, std::move(rest)};
  return {std::move(rest), {}};
}

void move_unopened_reasoning(std::string& content, std::string& reasoning) {
  const std::size_t close = content.find(kClose);
  if (close == std::string::npos || close == 0 || content[close - 1] != '\n') return;
  const std::size_t behind = close + kClose.size();
  if (behind < content.size() && content[behind] != '\n') return;
  reasoning += content.substr(0, close);
  content.erase(0, std::min(content.find_first_not_of(kBlanks, behind), content.size()));
}

}  // namespace codehelper
