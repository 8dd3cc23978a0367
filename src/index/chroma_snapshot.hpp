// The lexical and learned legs of a project's index in Chroma, held in this process: built from the documents of the
// chunk collection and followed by the files that were written since.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "chroma_api.hpp"
#include "chroma_records.hpp"
#include "index_snapshot.hpp"

namespace codehelper {

/// The collections of one index, as they were found.
struct ChromaIndex {
  ChromaCollection chunks;
  ChromaCollection files;

  /// Changes with every apply(); another one also after the index was made anew.
  std::string revision() const;
};

/// Every record of a file, in no order; the records of shards are left out.
Task<Result<std::vector<ChromaFile>>> load_chroma_files(RequestContext context, ChromaApi& api, std::string files_id);

/// follow() is used by one task at a time, rank() at any time, also on the blocking pool.
class ChromaSnapshot {
 public:
  ChromaSnapshot(EventLoop& loop, ChromaApi& api) : loop_(loop), api_(api) {}

  /// Takes in what was written up to now. Files that are being written keep what they had. Errors: those of ChromaApi;
  /// what was taken in by then stays, and the next call goes on.
  Task<Result<void>> follow(RequestContext context, ChromaIndex index);
  /// Without vectors: the semantic leg is empty.
  IndexSnapshot::Ranking rank(const ChunkQuery& query) const;

  /// Whether a follow() has come to its end: before that there is nothing to rank.
  bool is_built() const { return is_built_; }
  /// An estimate.
  std::size_t memory_bytes() const;

 private:
  struct LoadedFile {
    std::string written;
    std::vector<std::size_t> positions;  // of its chunks in the snapshot
  };
  struct Content {
    IndexSnapshot index;
    std::map<std::string, LoadedFile, std::less<>> files;  // by path
  };
  /// A chunk's features, on its way from a record to the snapshot.
  struct LoadedChunk {
    std::int64_t id = 0;
    std::string path;
    std::string written;
    int start_line = 1;
    std::vector<TermCount> terms;
  };
  struct Page {
    std::vector<LoadedChunk> chunks;
    std::size_t records = 0;
  };
  using FileRecords = std::map<std::string, const ChromaFile*, std::less<>>;        // by path
  using Incomplete = std::map<std::string, std::vector<LoadedChunk>, std::less<>>;  // by path

  static Page analyze(const ChromaRecords& records);
  static void take_page(Content& content, const FileRecords& files, Incomplete& incomplete, Page page);
  void take_group(Content& content, const std::vector<const ChromaFile*>& files, Page page);
  static void remove_file(Content& content, std::string_view path);
  static void add_file(Content& content, const ChromaFile& file, std::vector<LoadedChunk> chunks);
  static std::vector<const ChromaFile*> find_changed(const Content& content, const FileRecords& files);
  static void remove_gone(Content& content, const FileRecords& files);
  Task<Result<Page>> load(RequestContext context, std::string id, boost::json::object filter);
  Task<Result<void>> load_all(RequestContext context, std::string id, const FileRecords& files, Content& content);
  Task<Result<void>> load_files(RequestContext context, std::string id, std::vector<const ChromaFile*> files,
                                Content& content);

  EventLoop& loop_;
  ChromaApi& api_;
  mutable std::mutex mutex_;  // of content_
  Content content_;
  bool is_built_ = false;
};

}  // namespace codehelper
