// The lines of a text, split at '\n' only. Numbers are 0-based here; a Chunk's are 1-based.
#pragma once

#include <string_view>
#include <vector>

namespace codehelper {

class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    for (std::size_t at = 0; at < text.size();) {
      starts_.push_back(at);
      const auto end = text.find('\n', at);
      at = end == std::string_view::npos ? text.size() : end + 1;
    }
    starts_.push_back(text.size());
  }

  int count() const { return static_cast<int>(starts_.size()) - 1; }
  /// Lines first … last, line feeds included.
  std::string_view range(int first, int last) const {
    const auto begin = starts_[static_cast<std::size_t>(first)];
    return text_.substr(begin, starts_[static_cast<std::size_t>(last) + 1] - begin);
  }
  std::string_view operator[](int line) const { return range(line, line); }
  std::size_t bytes(int first, int last) const { return range(first, last).size(); }
  bool is_blank(int line) const { return range(line, line).find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;  // and the end of the text
};

}  // namespace codehelper
