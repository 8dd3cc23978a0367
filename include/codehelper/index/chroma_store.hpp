// Chroma (HTTP API v2, default tenant and database) as the place of indexes. Two collections a project: its chunks,
// whose metadata is the index's marker, and its files. The semantic leg is Chroma's own query. The lexical legs are
// searched in this process, in a snapshot that is built from the collection's documents and followed by what changed:
// so a fresh server with an empty disk answers as well as any other, with the same ranking as the embedded store.
#pragma once

#include <chrono>
#include <memory>

#include "codehelper/index/shard.hpp"
#include "codehelper/index/vector_store.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

struct ChromaOptions {
  std::chrono::milliseconds call_limit{30'000};    // of one call, its tries included
  std::chrono::milliseconds write_limit{120'000};  // of one call that writes records
  // How long one call goes on being repeated, with pauses, while Chroma can't be reached, times out or answers 5xx;
  // 0 = only as the HTTP client does by itself.
  std::chrono::milliseconds patience{0};
  std::chrono::milliseconds warming_wait{5'000};  // how long a query waits for its snapshot to catch up
  std::size_t snapshots_limit_bytes = std::size_t{512} * 1024 * 1024;  // the least recently used go; one always stays
};

/// A VectorStore whose apply() is not seen at once but file by file: a file that was being written when the process or
/// Chroma died is listed without a hash, so that the next pass writes it again. Its apply() fails with `conflict` when
/// the collections are no longer those that list_files() of this store saw (lost volume): a pass must begin anew.
class ChromaStore : public VectorStore, public ShardReports {
 public:
  /// Begins to bring the project's snapshot up to date, unless there is no index.
  virtual Task<void> warm(RequestContext context, Project project) = 0;
};

/// `loop` and `client` outlive it, and so does the loop's last run.
std::unique_ptr<ChromaStore> make_chroma_store(EventLoop& loop, HttpClient& client, ChromaOptions options);

/// Whether Chroma can read and write, by a small collection of our own: its heartbeat and its reads go on when its data
/// directory was deleted under it. Errors: timeout, unavailable, bad_answer (something answers, but not as Chroma
/// does).
Task<Result<void>> check_chroma(RequestContext context, HttpClient& client, std::chrono::milliseconds limit);

}  // namespace codehelper
