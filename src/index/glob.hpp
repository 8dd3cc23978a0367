// The patterns of .gitignore (gitignore(5), "PATTERN FORMAT"): '*', '?', "[a-z]", "[[:alpha:]]", '\' and "**".
#pragma once

#include <cstdint>
#include <string_view>

namespace codehelper {

enum class GlobSlash : std::uint8_t { separates, is_ordinary };  // whether '*', '?' and brackets stop at '/'
enum class LetterCase : std::uint8_t { matters, ignored };

struct GlobOptions {
  GlobSlash slash = GlobSlash::separates;
  LetterCase letter_case = LetterCase::matters;
};

/// Whether the whole of `text` matches. A malformed pattern matches nothing.
bool matches_glob(std::string_view pattern, std::string_view text, GlobOptions options = {});

}  // namespace codehelper
