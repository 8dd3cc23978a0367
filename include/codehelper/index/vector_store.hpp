// Where indexes live. A seam: embedded (SQLite, one database file a project) and Chroma (chroma_store.hpp). One writer
// and many readers a project. In the embedded store everything written by one apply() is seen together or not at all,
// also after a crash; in Chroma that holds for the text and the vectors of a file, and a file is listed as indexed only
// when all of it is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "codehelper/index/chunk.hpp"
#include "codehelper/index/chunk_filter.hpp"
#include "codehelper/index/embedder.hpp"
#include "codehelper/index/project.hpp"
#include "codehelper/index/symbols.hpp"

namespace codehelper {

enum class IndexState { indexing, ready, failed };
std::string_view to_string(IndexState state);

/// The truth about an index, stored with it.
struct IndexMarker {
  IndexState state = IndexState::indexing;
  std::string cause;         // of a failure, for people
  std::string project_path;  // as posted
  std::string embedder;      // identity
  std::uint64_t dimension = 0;
  std::uint64_t files = 0;  // of the last finished index; 0 = there has been none
  std::uint64_t chunks = 0;
  std::uint64_t skipped = 0;
  std::string finished_at;  // ISO 8601, UTC; of the last finished index, empty = there has been none
  bool is_warming = false;  // not stored: this process is still loading what it searches words in

  bool is_searchable() const { return !finished_at.empty(); }
};

struct IndexedFile {
  std::string path;
  std::string hash;  // git's blob id
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  // 0 = unproven: compare by content next time
  std::uint64_t chunks = 0;      // set by list_files(); apply() counts for itself
  std::int64_t changed_ns = 0;   // ctime

  bool operator==(const IndexedFile&) const = default;
};

struct FileChunks {
  IndexedFile file;
  std::vector<Chunk> chunks;
  std::vector<Embedding> embeddings;      // one a chunk
  std::vector<std::int64_t> vector_keys;  // one a chunk (vector_reuse.hpp), or none when they are not to be used again
  FileSymbols symbols;                    // kept by stores that have a SymbolIndex of their own
};

/// One commit: the files' earlier chunks go, the new ones come, then the marker.
struct IndexBatch {
  std::vector<std::string> removed_paths;
  std::vector<FileChunks> files;
  std::vector<IndexedFile> touched;  // same content, other times
  std::optional<IndexMarker> marker;
};

/// One word of a question, as make_query_terms() of text_analysis.hpp makes it.
struct QueryTerm {
  std::string text;
  double weight = 1;
};

/// Texts are most of what a query costs, and most candidates are not shown.
enum class ChunkTexts {
  all,
  definitions,  // those of that leg; the others may lack theirs, which load_chunks() has
};

struct ChunkQuery {
  std::vector<QueryTerm> terms;  // any of them; empty = no lexical leg
  Embedding embedding;           // empty = no vector leg
  std::string definition;        // a plain name, whose declarations come as a leg of their own; empty = no such leg
  ChunkFilter filter;            // for the legs of words; in the semantic leg others may come too
  std::size_t limit = 100;       // of each leg but the two below
  std::size_t semantic_limit = 100;
  std::size_t learned_limit = 100;
  ChunkTexts texts = ChunkTexts::all;
};

struct ScoredChunk {
  std::int64_t id = 0;  // within the project, stable while the chunk is not rewritten
  double score = 0;     // larger is better; comparable within one leg of one query only
  Chunk chunk;
};

/// All the words of a file counted together: a file that speaks of the question all over beats one good passage.
struct ScoredFile {
  std::string path;
  double score = 0;         // as in ScoredChunk
  std::uint64_t words = 0;  // its length: all that is indexed of it
};

/// Equal scores are ordered by path, then by line, so that the same files give the same hits however they came in.
struct ChunkHits {
  std::vector<ScoredChunk> lexical;   // BM25, best first
  std::vector<ScoredChunk> semantic;  // cosine, best first
  /// Cosine of what the index itself has learned of the words that go together, best first.
  std::vector<ScoredChunk> learned;
  /// The chunks that declare ChunkQuery::definition in any case and with any underscores, best first by BM25 of the
  /// words without regard to length; those that match no word too.
  std::vector<ScoredChunk> definitions;
  std::vector<ScoredFile> files;  // BM25, best first
  std::vector<double> rarities;   // of ChunkQuery::terms, in their order: inverse document frequency, 0 = in no chunk
  bool is_warming = false;        // the legs of words are missing or of an earlier state: the store still loads them
};

using ChunksById = std::unordered_map<std::int64_t, Chunk>;  // by ScoredChunk::id

class VectorStore {
 public:
  virtual ~VectorStore() = default;

  /// Nothing when the project has no index here, or one of an older format: the next apply() replaces that. Errors of
  /// all: unavailable (disk full, damaged file, locked for too long; the message names the file and the way out).
  virtual Task<Result<std::optional<IndexMarker>>> load_marker(RequestContext context, Project project) = 0;
  /// For an index pass: an index that is damaged anywhere is an error here, so that no pass builds on it.
  virtual Task<Result<std::vector<IndexedFile>>> list_files(RequestContext context, Project project) = 0;
  /// Creates the index when there is none.
  virtual Task<Result<void>> apply(RequestContext context, Project project, IndexBatch batch) = 0;
  /// Errors: not_found when there is no index.
  virtual Task<Result<ChunkHits>> query(RequestContext context, Project project, ChunkQuery query) = 0;
  /// Those that are there, with their text. A chunk that was written anew since may have other lines than a query said.
  /// Errors: not_found when there is no index.
  virtual Task<Result<ChunksById>> load_chunks(RequestContext context, Project project,
                                               std::vector<std::int64_t> ids) = 0;
  /// Removes the index. No error when there is none.
  virtual Task<Result<void>> drop(RequestContext context, Project project) = 0;
};

/// SQLite in WAL mode: `data_dir`/index/<name>-<hash of the root>.db. Creates the directory when it first writes.
/// Reads see a committed state while a writer works in another process. `loop` outlives it.
std::unique_ptr<VectorStore> open_embedded_store(EventLoop& loop, std::filesystem::path data_dir);

/// The path of the database file of a project; the lock of its writer is this with ".lock" appended.
std::filesystem::path embedded_index_path(const std::filesystem::path& data_dir, const Project& project);

}  // namespace codehelper
