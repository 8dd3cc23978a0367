// The embedder and the store of a process, and its clients of servers.
#include <fmt/format.h>
#include <unistd.h>

#include "codehelper/index/embedding_server.hpp"
#include "wiring.hpp"

namespace codehelper {

Result<std::unique_ptr<HttpClient>> make_client(EventLoop& loop, Metrics& metrics, CalledServer server) {
  HttpClientOptions options;
  options.base_url = std::move(server.url);
  options.token = std::move(server.token);
  options.metrics = &metrics;
  options.role = std::move(server.role);
  auto client = HttpClient::make(loop, std::move(options));
  if (!client) return fail_with_context(server.setting, client.error());
  return client;
}

Result<EmbedderParts> make_embedder(EventLoop& loop, Metrics& metrics, const EmbedConfig& config) {
  EmbedderParts parts;
  if (config.url.empty()) {
    parts.embedder = make_hashing_embedder(loop);
    return parts;
  }
  auto client = make_client(loop, metrics, {"embedder", "EMBED_URL", config.url, config.api_key});
  if (!client) return std::unexpected(client.error());
  parts.client = std::move(*client);
  EmbeddingServerOptions options;
  options.url = config.url;
  options.model = config.model;
  if (config.api == "ollama") options.api = EmbeddingApi::ollama;
  if (config.api == "openai") options.api = EmbeddingApi::openai;
  options.passage_prefix = config.document_prefix;
  options.question_prefix = config.query_prefix;
  options.limit = config.limit;
  auto embedder = make_embedding_server(loop, *parts.client, std::move(options));
  if (!embedder) return fail_with_context("EMBED_URL", embedder.error());
  parts.embedder = std::move(*embedder);
  return parts;
}

Result<IndexParts> make_index_parts(EventLoop& loop, Metrics& metrics, const Config& config,
                                    std::chrono::milliseconds patience) {
  std::error_code error;
  std::filesystem::create_directories(config.index.data_dir, error);
  if (!error && ::access(config.index.data_dir.c_str(), W_OK | X_OK) != 0) error.assign(errno, std::system_category());
  if (error) {
    return fail(ErrorCode::unavailable,
                fmt::format("the data directory {} can't be used: {}; set CODEHELPER_DATA_DIR to one "
                            "that can be written",
                            config.index.data_dir.string(), error.message()));
  }
  IndexParts parts;
  auto embedder = make_embedder(loop, metrics, config.embed);
  if (!embedder) return std::unexpected(embedder.error());
  parts.embedder_client = std::move(embedder->client);
  parts.embedder = std::move(embedder->embedder);
  if (config.index.chroma_url.empty()) {
    parts.store = open_embedded_store(loop, config.index.data_dir);
    parts.symbols = open_embedded_symbols(loop, config.index.data_dir);
    parts.vectors = open_embedded_vectors(loop, config.index.data_dir);
    parts.state = make_file_state(loop, config.index.data_dir / "current_project.json");
    return parts;
  }
  auto client = make_client(loop, metrics, {"chroma", "VECTOR_DB_URL", config.index.chroma_url});
  if (!client) return std::unexpected(client.error());
  parts.chroma_client = std::move(*client);
  ChromaOptions options;
  options.call_limit = config.index.chroma_limit;
  options.write_limit = config.index.chroma_write_limit;
  options.patience = patience;
  auto store = make_chroma_store(loop, *parts.chroma_client, options);
  parts.chroma = store.get();
  parts.store = std::move(store);
  parts.symbols = make_derived_symbols(loop, *parts.store);
  parts.state = make_chroma_state(loop, *parts.chroma_client, config.index.chroma_limit);
  return parts;
}

}  // namespace codehelper
