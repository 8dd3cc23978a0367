// Identifiers in text and their parts: the rules that the index and the question share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// Longer words are not indexed, be they a part or several joined.
inline constexpr std::size_t kMaxWordBytes = 80;

/// Gives the maximal runs of letters, digits, '_' and letters beyond ASCII, in order; a run of a script that is written
/// without spaces is one of its own ("read" and "文件" in "read文件"). `text` outlives it.
class IdentifierScanner {
 public:
  explicit IdentifierScanner(std::string_view text) : text_(text) {}

  std::optional<std::string_view> next();

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

/// Lower-case parts: "HTTPServer2" gives http, server, 2; a Chinese, Japanese, Korean or Thai character is a part of its
/// own.
/// `parts` is overwritten (passed in so that a loop over a file doesn't allocate).
void split_identifier(std::string_view identifier, std::vector<std::string>& parts);

/// Whether a long identifier of these parts is data, not language: hashes and base64 change kind at every other byte.
bool is_data(std::string_view identifier, const std::vector<std::string>& parts);

/// Stems an ASCII word; leaves others as they are.
void stem_part(std::string& part);

std::string join_parts(const std::vector<std::string>& parts);

/// The words under which text with this identifier is found, as analyze_text() has them.
std::vector<std::string> make_words(std::string_view identifier);

}  // namespace codehelper
