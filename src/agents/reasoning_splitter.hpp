// Parts a model's text, which comes in pieces cut anywhere, into the answer and the <think> blocks that stand before
// it.
#pragma once

#include <string>
#include <string_view>

namespace codehelper {

class ReasoningSplitter {
 public:
  struct Parts {
    std::string content;
    std::string reasoning;
  };

  /// Blanks before the answer are dropped. A block within the answer is a part of it.
  Parts feed(std::string_view piece);
  Parts end();

 private:
  enum class State { before, reasoning, content };

  State state_ = State::before;
  std::string held_;
};

/// Moves what stands before a lone </think> line out of `content`: templates that open the block themselves leave only
/// its end to the model.
void move_unopened_reasoning(std::string& content, std::string& reasoning);

}  // namespace codehelper
