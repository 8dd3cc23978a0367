// From text to the words that are indexed and asked for: identifiers kept whole and split at camelCase, snake_case and
// digits, lower case, stemmed. The same rules serve the index and the question. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/vector_store.hpp"

namespace codehelper {

/// Words of source text in order: for "readLine(fileName)" read, line, readline, file, name, filename. Parts are
/// stemmed (Porter), adjacent parts also stand joined, and so does the whole identifier. Letters beyond ASCII belong to
/// words; Chinese, Japanese, Korean and Thai come as single characters and pairs. Words over 80 bytes are left out, and
/// with them identifiers that are data (hashes, base64).
std::vector<std::string> analyze_text(std::string_view text);

/// The word under which a chunk that declares `name` is also found; never a word of analyze_text().
std::string definition_term(std::string_view name);
/// The word under which the chunks of a file called `name` (the last part of a path) are also found.
std::string file_name_term(std::string_view name);

/// Weighted words of a question: stop words dropped, generic verbs weigh less, repeated words count once with a
/// logarithmic weight. Ascending, the 256 heaviest at most. Empty when the question has no word.
std::vector<QueryTerm> make_query_terms(std::string_view question);

}  // namespace codehelper
