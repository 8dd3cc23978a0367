// Brings the index of a project up to the files of now: lists, compares by content, chunks, embeds and stores what
// changed, in batches that are commit and cancellation points; the marker goes last.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "codehelper/index/shard.hpp"
#include "codehelper/index/source_files.hpp"
#include "codehelper/index/vector_reuse.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

struct IndexProgress {
  std::uint64_t files_done = 0;  // looked at, of files_total
  std::uint64_t files_total = 0;
  std::uint64_t chunks = 0;           // written in this run
  std::uint64_t embedded_files = 0;   // files whose content was new
  std::uint64_t embedded_chunks = 0;  // chunks that the embedder was given
  double seconds = 0;                 // since the start

  /// 0 while it can't be told.
  double files_per_second() const { return seconds > 0 ? static_cast<double>(files_done) / seconds : 0; }
  double seconds_left() const {
    const double rate = files_per_second();
    return rate > 0 ? static_cast<double>(files_total - files_done) / rate : 0;
  }
};

struct IndexReport {
  IndexMarker marker;
  IndexProgress progress;
  std::uint64_t removed_files = 0;
  std::vector<SkippedFile> skipped;
};

struct IndexOptions {
  std::uint64_t max_file_bytes = std::uint64_t{1024} * 1024;
  std::function<void(const IndexProgress&)> on_progress;  // called on the loop after each batch; may be empty
  bool from_scratch = false;                              // forget what is there
  bool is_refresh = false;  // of a finished index, whose marker says so all the time, whatever becomes of this pass
  Shard shard;              // which files are this process's; all of them by default
  VectorReuse* vectors = nullptr;   // where vectors made before are; may be null
  ShardReports* reports = nullptr;  // of the store; needed when the shard is not the whole
};

/// Holds the project's writer lock (flock on embedded_index_path + ".lock") until destroyed; a shard that is not the
/// whole has a lock of its own.
class IndexLock {
 public:
  /// Errors: conflict when another process (or this one) holds it; unavailable when the file can't be made.
  static Result<IndexLock> acquire(const std::filesystem::path& data_dir, const Project& project,
                                   const Shard& shard = {});
  /// Whether anybody holds it now.
  static bool is_held(const std::filesystem::path& data_dir, const Project& project);

  IndexLock(IndexLock&& other) noexcept;
  IndexLock& operator=(IndexLock&& other) noexcept;
  ~IndexLock();

 private:
  explicit IndexLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// Runs one index pass; the caller holds the IndexLock. A failure is also written to the marker as `failed` with the
/// cause, while the earlier files go on answering. When the index is replaced in the store meanwhile, the pass begins
/// anew. A shard that is not the whole takes its own files and reports its end; the last one to finish writes the
/// marker with the sums. Errors: invalid_input when no file can be indexed (the message counts the reasons), cancelled,
/// and those of the store and the embedder.
Task<Result<IndexReport>> index_project(RequestContext context, Project project, VectorStore& store, Embedder& embedder,
                                        EventLoop& loop, IndexOptions options);

}  // namespace codehelper
