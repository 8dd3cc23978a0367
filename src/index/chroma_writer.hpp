// Writes one IndexBatch into an index in Chroma, in an order that makes a death at any point harmless: for some files
// at a time, their records say that they are being written, then their chunks are replaced, then their records say what
// is there; the marker goes last.
#pragma once

#include <span>

#include "chroma_snapshot.hpp"

namespace codehelper {

class ChromaWriter {
 public:
  /// `loop` and `api` outlive it.
  ChromaWriter(EventLoop& loop, ChromaApi& api, RequestContext context, ChromaIndex index)
      : loop_(loop), api_(api), context_(std::move(context)), index_(std::move(index)) {}

  /// Errors: those of ChromaApi; not_found when a collection is gone.
  Task<Result<void>> write(IndexBatch batch);

 private:
  Task<Result<void>> write_files(std::span<const FileChunks> files);
  Task<Result<void>> remove_files(std::span<const std::string> paths);
  Task<Result<void>> touch_files(std::span<const IndexedFile> files);
  Task<Result<void>> set_pending(std::span<const std::string> paths);
  Task<Result<void>> remove_chunks(std::span<const std::string> paths);

  EventLoop& loop_;
  ChromaApi& api_;
  RequestContext context_;
  ChromaIndex index_;
  std::string written_ = make_request_id().substr(0, 16);
};

/// Errors: internal when chunks and vectors don't fit together, unavailable for a vector with a value that is no
/// number.
Result<void> check_batch(const IndexBatch& batch);

}  // namespace codehelper
