#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace codehelper {

namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::seconds kPlainInterval{2};

std::string describe(const IndexProgress& progress) {
  std::string text =
      fmt::format("indexing: {}/{} files, {} chunks", progress.files_done, progress.files_total, progress.chunks);
  if (progress.files_per_second() > 0) {
    text += fmt::format(", {:.0f} files/s, {:.0f} s left", progress.files_per_second(), progress.seconds_left());
  }
  return text;
}

}  // namespace

ProgressDisplay::ProgressDisplay()
    : is_terminal_(::isatty(STDERR_FILENO) == 1), next_(std::chrono::steady_clock::now()) {}

void ProgressDisplay::show(const IndexProgress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ =
      now + (is_terminal_ ? std::chrono::milliseconds(kTerminalInterval) : std::chrono::milliseconds(kPlainInterval));
  if (is_terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", describe(progress));
    is_line_open_ = true;
  } else {
    fmt::print(stderr, "{}\n", describe(progress));
  }
  std::fflush(stderr);
}

void ProgressDisplay::clear() {
  if (is_line_open_) fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  is_line_open_ = false;
}

void ProgressDisplay::finish(const std::string& text) {
  clear();
  fmt::print(stderr, "{}\n", text);
  std::fflush(stderr);
}

}  // namespace codehelper
