// The calls of Chroma's HTTP API v2 that we use, each with a limit, and its answers and errors as values. All of them
// may be repeated without harm.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/net/http_client.hpp"

namespace codehelper {

struct ChromaCollection {
  std::string id;  // a UUID; another one after the collection was made again
  std::string name;
  std::string space;  // "cosine", "l2" or "ip"
  boost::json::object metadata;
};

/// Parallel arrays; those that were not asked for are empty.
struct ChromaRecords {
  std::vector<std::string> ids;
  std::vector<boost::json::object> metadatas;
  std::vector<std::string> documents;
  std::vector<double> distances;
};

class ChromaApi {
 public:
  struct Options {
    std::chrono::milliseconds call_limit{30'000};
    std::chrono::milliseconds write_limit{120'000};
    std::chrono::milliseconds patience{0};  // see ChromaOptions
  };
  /// `loop` and `client` outlive it.
  ChromaApi(EventLoop& loop, HttpClient& client, Options options) : loop_(loop), client_(client), options_(options) {}

  // Errors of all: timeout, cancelled, too_large (413), unavailable (can't be reached, 5xx, refused; the message
  // says what to do), bad_answer; not_found where a UUID is named that is none of a collection any more.

  Task<Result<std::optional<ChromaCollection>>> find_collection(RequestContext context, std::string name);
  /// The collection of that name, made with this metadata and cosine space when there is none.
  Task<Result<ChromaCollection>> make_collection(RequestContext context, std::string name,
                                                 boost::json::object metadata);
  /// Replaces the whole metadata, which must not be empty.
  Task<Result<void>> set_metadata(RequestContext context, std::string id, boost::json::object metadata);
  /// No error when there is none.
  Task<Result<void>> remove_collection(RequestContext context, std::string name);

  /// `verb` is add (of ids that are there: ignored), upsert, update (merges; of unknown ids: ignored) or delete (its
  /// filter must not be empty); `body` as the API wants it.
  Task<Result<void>> write(RequestContext context, std::string id, std::string verb, std::string body);
  Task<Result<ChromaRecords>> get(RequestContext context, std::string id, boost::json::object body);
  /// Nearest first.
  Task<Result<ChromaRecords>> query(RequestContext context, std::string id, std::string body);
  Task<Result<std::uint64_t>> count(RequestContext context, std::string id);

 private:
  Task<Result<std::string>> call(RequestContext context, HttpCall call);
  Task<Result<ChromaRecords>> read_records(RequestContext context, HttpCall call);

  EventLoop& loop_;
  HttpClient& client_;
  Options options_;
};

}  // namespace codehelper
