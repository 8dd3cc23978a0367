// Reads lines from a terminal, with editing and history, by libedit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace codehelper {

/// The lines typed before, one a line in a file that only its owner can read and that several sessions may write
/// at once.
class HistoryFile {
 public:
  explicit HistoryFile(std::filesystem::path file) : file_(std::move(file)) {}

  /// The newest last, 1000 at most. A file that can't be read holds none.
  std::vector<std::string> load() const;
  /// What can't be kept is not: a line typed is no reason to stop.
  void append(const std::string& line) const;

 private:
  void replace(const std::vector<std::string>& lines) const;

  std::filesystem::path file_;
};

class LineEditor {
 public:
  /// The prompt and what is typed are shown on standard error.
  LineEditor(std::string prompt, HistoryFile history);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  enum class End : std::uint8_t {
    line,         // a line was typed
    interrupted,  // Ctrl-C, which is a key while a line is typed
    closed,       // Ctrl-D on an empty line, or the terminal is gone
  };
  struct Line {
    End end = End::line;
    std::string text;  // UTF-8 by the terminal's word; with `interrupted` what was typed so far
  };
  /// Blocks.
  Line read();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace codehelper
