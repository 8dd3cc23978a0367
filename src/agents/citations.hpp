// The places that an answer names: `src/a.cpp:10-20`, src/a.cpp:7, src/a.cpp#L10-L20, "src/a.cpp, lines 10 to 20".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

struct Citation {
  std::string path;  // as written; "attachment:<name>" for one
  int start_line = 1;
  int end_line = 1;
  std::size_t end = 0;  // behind it in the text, after a backtick that closes it
  bool is_certain =
      true;  // false: it may be something else ("Makefile:3", "example.com:80") unless there is such a file

  bool operator==(const Citation&) const = default;
};

/// In the order of the text, every mention; none in fenced code blocks, and none in a URL. A path with a slash or with
/// an ending is a certain one, but not what looks like the name of a host. Pure.
std::vector<Citation> find_citations(std::string_view text);

/// Sentences that say that tests passed, as places behind them in the text; wishes, conditions, questions, advice and
/// denials are none. Pure.
std::vector<std::size_t> find_pass_claims(std::string_view text);

/// The text with each mark put in at its place; places ascend.
std::string insert_marks(std::string_view text, const std::vector<std::pair<std::size_t, std::string>>& marks);

struct FencedBlock {
  std::string language;
  std::string text;       // with the last line end
  std::size_t begin = 0;  // of the line with the opening fence, in the whole text
  std::size_t end = 0;    // behind the line with the closing one
};
/// The code blocks of a Markdown text that are fenced by ``` or ~~~; one that isn't closed ends with the text.
std::vector<FencedBlock> find_fenced_blocks(std::string_view text);

}  // namespace codehelper
