// Shows on standard error how far an index is: one line redrawn on a terminal, plain lines now and then elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "codehelper/index/indexer.hpp"

namespace codehelper {

class ProgressDisplay {
 public:
  ProgressDisplay();

  void show(const IndexProgress& progress);
  /// Takes away the line that is being redrawn.
  void clear();
  /// Ends the line that is being redrawn, and writes `text` as a line of its own.
  void finish(const std::string& text);

 private:
  bool is_terminal_;
  bool is_line_open_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace codehelper
