// Questions with filters and phrases, and the filters against paths, for any bytes. The first line is the question, the
// second a path.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "codehelper/index/chunk_filter.hpp"
#include "codehelper/index/text_analysis.hpp"
#include "narrowing.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view question = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(question.size() + 1, rest.size()));
  Chunk chunk;
  chunk.path = rest.substr(0, rest.find('\n'));
  chunk.text = question;
  auto [text, narrowing] = read_narrowing(question);
  for (const std::string& word : analyze_text(text)) require(!word.empty());
  // What no chunk of the file can pass by its path, this one doesn't.
  const bool passed = passes(narrowing.filter, chunk);
  require(may_pass(narrowing.filter, chunk.path) || !passed);
  require(passed || !narrowing.allows(chunk));
  narrowing.drop_phrases();
  require(narrowing.phrases.empty());
  // A question of several lines is pasted text.
  require(read_narrowing(std::string(question) + "\nmore").narrowing.filter.empty());
  return 0;
}
