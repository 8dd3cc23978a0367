#include "embedding_model.hpp"

#include <algorithm>

#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

constexpr std::string_view kSentences = "Represent this sentence for searching relevant passages: ";
constexpr std::string_view kCode = "Represent this query for searching relevant code: ";
constexpr std::string_view kInstruction =
    "Instruct: Given a question about a code base, retrieve the code that answers it\nQuery: ";

struct Family {
  std::string_view part;  // of the name, in lower case
  std::string_view passage_prefix;
  std::string_view question_prefix;
  std::size_t tokens;  // that it was trained for, or that its usual build takes
};

// From the models' own cards; the first that fits counts. Ollama's build of nomic-embed-text takes 2,048 of 8,192.
constexpr Family kFamilies[] = {
    {"nomic-embed-code", "", kCode, 8192},
    {"coderankembed", "", kCode, 8192},
    {"nomic-embed", "search_document: ", "search_query: ", 2048},
    {"e5-mistral", "", kInstruction, 4096},
    {"e5-", "passage: ", "query: ", 512},
    {"qwen3-embedding", "", kInstruction, 8192},
    {"embeddinggemma", "title: none | text: ", "task: code retrieval | query: ", 2048},
    {"mxbai-embed", "", kSentences, 512},
    {"arctic-embed2", "", "query: ", 8192},
    {"arctic-embed-m-v2", "", "query: ", 8192},
    {"arctic-embed-l-v2", "", "query: ", 8192},
    {"arctic-embed", "", kSentences, 512},
    {"bge-m3", "", "", 8192},
    {"bge-", "", kSentences, 512},
    {"all-minilm", "", "", 256},
    {"text-embedding-", "", "", 8191},
};

/// Code takes a token for each two or three bytes (shared/protocols.md 3.5: 1,200 characters for 512).
constexpr std::size_t bytes_of(std::size_t tokens) {
  return tokens * 23 / 10;
}

/// More than any chunk and its header has.
constexpr std::size_t kMostBytes = std::size_t{16} * 1024;

}  // namespace

EmbeddingModel find_embedding_model(std::string_view name) {
  constexpr std::string_view kLatest = ":latest";
  if (name.ends_with(kLatest)) name.remove_suffix(kLatest.size());
  const std::string lower = to_lower_ascii(name);
  const auto* const family =
      std::ranges::find_if(kFamilies, [&](const Family& known) { return lower.contains(known.part); });
  if (family == std::end(kFamilies)) return {std::string(name), "", "", kMostBytes};
  return {std::string(name), std::string(family->passage_prefix), std::string(family->question_prefix),
          std::min(bytes_of(family->tokens), kMostBytes)};
}

}  // namespace codehelper
