// What a file's name and bytes say about whether it is worth indexing. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "codehelper/index/source_files.hpp"

namespace codehelper {

struct Refusal {
  SkipReason reason = SkipReason::generated;
  std::string detail;
};

/// By name: lock files, minified files, source maps, codehelper's own indexes.
std::optional<Refusal> refuse_name(std::string_view path);

/// By content: binaries, private keys and access tokens, minified and generated text.
std::optional<Refusal> refuse_content(std::string_view path, std::string_view bytes);

}  // namespace codehelper
