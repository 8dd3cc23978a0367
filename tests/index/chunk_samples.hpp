// Small programs, one a language, each with a class, its methods and what is around them.
#pragma once

#include <string_view>
#include <vector>

namespace codehelper::test {

struct Sample {
  std::string_view path;
  std::string_view language;
  std::string_view text;
  std::vector<std::string_view> symbols;      // each is the symbol of a chunk when nothing is joined
  std::vector<std::string_view> definitions;  // each is defined in some chunk
  std::vector<std::string_view> no_definitions = {};
};

const std::vector<Sample>& chunk_samples();

}  // namespace codehelper::test
