// What is known of embedding models by their names. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace codehelper {

struct EmbeddingModel {
  std::string name;  // without ":latest"
  std::string passage_prefix;
  std::string question_prefix;
  std::size_t max_bytes = 0;  // of a text that is sent; what comes after is cut off
};

/// By the name as servers have it: "nomic-embed-text:latest", "BAAI/bge-m3". A model that is not known gets no prefix
/// and as much text as any.
EmbeddingModel find_embedding_model(std::string_view name);

}  // namespace codehelper
