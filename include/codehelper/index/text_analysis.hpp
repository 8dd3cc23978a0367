// From text to the words that are indexed and asked for: identifiers kept whole and split at camelCase, snake_case and
// digits, lower case, stemmed. The same rules serve the index and the question. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper {

/// Words of source text in order: for "readLine(fileName)" read, line, readline, file, name, filename.
std::vector<std::string> analyze_text(std::string_view text);

/// Weighted words of a question: stop words dropped, generic verbs weigh less, repeated words count once with a
/// logarithmic weight. Empty when the question has no word.
std::vector<QueryTerm> make_query_terms(std::string_view question);

}  // namespace codehelper
