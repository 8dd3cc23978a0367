#include "embedding_model.hpp"

#include <catch2/catch.hpp>

namespace codehelper {

TEST_CASE("embedding model: a family is known by a part of the name, whatever server names it") {
  const auto [name, passage, question] = GENERATE(table<std::string, std::string, std::string>({
      {"nomic-embed-text", "search_document: ", "search_query: "},
      {"nomic-ai/nomic-embed-text-v1.5", "search_document: ", "search_query: "},
      {"intfloat/multilingual-e5-large", "passage: ", "query: "},
      {"BAAI/bge-m3", "", ""},
      {"all-minilm", "", ""},
      {"text-embedding-3-small", "", ""},
      {"never-heard-of", "", ""},
      {"embeddinggemma:300m", "title: none | text: ", "task: code retrieval | query: "},
  }));

  const EmbeddingModel model = find_embedding_model(name);

  CHECK(model.name == name);
  CHECK(model.passage_prefix == passage);
  CHECK(model.question_prefix == question);
}

TEST_CASE("embedding model: those that want an instruction before a question get one before questions only") {
  const auto* name =
      GENERATE("qwen3-embedding:0.6b", "Qwen/Qwen3-Embedding-8B", "mxbai-embed-large", "Alibaba/e5-mistral-7b-instruct",
               "snowflake-arctic-embed:110m", "bge-large", "nomic-ai/CodeRankEmbed", "manutic/nomic-embed-code");

  const EmbeddingModel model = find_embedding_model(name);

  CHECK_FALSE(model.question_prefix.empty());
  CHECK(model.passage_prefix.empty());
}

TEST_CASE("embedding model: the latest build is the model itself, and 512 tokens are 1,200 characters at most") {
  CHECK(find_embedding_model("nomic-embed-text:latest").name == "nomic-embed-text");
  CHECK(find_embedding_model("nomic-embed-text:v1.5").name == "nomic-embed-text:v1.5");
  CHECK(find_embedding_model("mxbai-embed-large").max_bytes <= 1200);
  CHECK(find_embedding_model("never-heard-of").max_bytes > 8 * 1024);
}

}  // namespace codehelper
