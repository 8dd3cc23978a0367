// An embedding server that speaks Ollama's or OpenAI's API as shared/protocols.md 3.5 has it, with the faults that a
// test asks for. Its vectors count hashed parts of words, so that texts on one matter are near each other.
#pragma once

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>
#include <vector>

#include "codehelper/index/embedding_server.hpp"
#include "support/scripted_server.hpp"

namespace codehelper::test {

inline std::string make_http_answer(int status, std::string_view body, std::string_view headers = {}) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body);
}

class EmbeddingDouble {
 public:
  static constexpr std::size_t kDimension = 512;

  EmbeddingDouble(EventLoop& loop, EmbeddingApi api)
      : api_(api), server_(loop, [this](ScriptedPeer& peer, int) { return serve(peer); }) {}

  std::string url() const { return server_.url(); }
  const std::vector<std::string>& requests() const { return server_.requests(); }
  /// Of each call that asked for vectors.
  const std::vector<std::vector<std::string>>& batches() const { return batches_; }

  /// The answer to a call for vectors of these texts; empty = the faithful one.
  std::function<std::string(const std::vector<std::string>& texts)> fault;
  std::size_t dimension = kDimension;

  std::string answer_faithfully(const std::vector<std::string>& texts) const {
    boost::json::array list;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      boost::json::array vector = make_vector(texts[i]);
      if (api_ == EmbeddingApi::ollama) {
        list.push_back(std::move(vector));
      } else {
        list.push_back({{"object", "embedding"}, {"index", i}, {"embedding", std::move(vector)}});
      }
    }
    if (api_ == EmbeddingApi::ollama) {
      return make_http_answer(200, boost::json::serialize(boost::json::object{{"model", "m"}, {"embeddings", list}}));
    }
    std::ranges::reverse(list);  // the order of the list says nothing
    return make_http_answer(200, boost::json::serialize(boost::json::object{{"object", "list"}, {"data", list}}));
  }

 private:
  static constexpr std::size_t kPart = 4;  // letters

  Task<void> serve(ScriptedPeer& peer) {
    while (true) {
      const std::string request = co_await peer.read_request();
      if (request.empty()) co_return;
      std::string bytes = answer(request);
      if (bytes.empty()) co_return;
      co_await peer.write(std::move(bytes));
    }
  }

  std::string answer(const std::string& request) {
    const std::string line = request.substr(0, request.find(" HTTP/"));
    const bool is_ollama = api_ == EmbeddingApi::ollama;
    if (line == "GET /api/version" && is_ollama) return make_http_answer(200, R"({"version":"0.13.0"})");
    if (line == "GET /v1/models") return make_http_answer(200, R"({"object":"list","data":[]})");
    if (line != (is_ollama ? "POST /api/embed" : "POST /v1/embeddings")) return make_http_answer(404, "not found");
    const auto body = boost::json::parse(request.substr(request.find("\r\n\r\n") + 4)).as_object();
    std::vector<std::string> texts;
    for (const auto& text : body.at("input").as_array()) texts.emplace_back(text.as_string());
    batches_.push_back(texts);
    const std::string faulty = fault ? fault(texts) : std::string();
    return faulty.empty() ? answer_faithfully(texts) : faulty;
  }

  boost::json::array make_vector(const std::string& text) const {
    std::vector<double> counts(dimension, 0.0);
    std::string word;
    for (const char c : text + " ") {
      if (std::isalpha(static_cast<unsigned char>(c)) == 0) {
        word.clear();
        continue;
      }
      word += static_cast<char>(std::tolower(c));
      if (word.size() >= kPart) counts[std::hash<std::string>{}(word.substr(word.size() - kPart)) % dimension] += 1;
    }
    counts[0] += 0.1;  // no text is nothing to a model
    return boost::json::array(counts.begin(), counts.end());
  }

  EmbeddingApi api_;
  std::vector<std::vector<std::string>> batches_;
  ScriptedServer server_;
};

/// An adapter with the client and the server that it needs.
class ServedEmbedder final : public Embedder {
 public:
  ServedEmbedder(EventLoop& loop, EmbeddingApi api, EmbeddingServerOptions options = {}) : server(loop, api) {
    if (options.url.empty()) options.url = server.url();
    if (options.model.empty()) options.model = "some-model";
    HttpClientOptions client;
    client.base_url = options.url;
    client.token = "secret";
    client_ = HttpClient::make(loop, std::move(client)).value();
    embedder_ = make_embedding_server(loop, *client_, std::move(options)).value();
  }

  std::string identity() const override { return embedder_->identity(); }
  double weight() const override { return embedder_->weight(); }
  Task<Result<std::size_t>> find_dimension(RequestContext context) override {
    return embedder_->find_dimension(std::move(context));
  }
  Task<Result<std::vector<Embedding>>> embed(RequestContext context, TextRole role,
                                             std::vector<std::string> texts) override {
    return embedder_->embed(std::move(context), role, std::move(texts));
  }
  HttpClient& client() { return *client_; }

  EmbeddingDouble server;

 private:
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<Embedder> embedder_;
};

}  // namespace codehelper::test
