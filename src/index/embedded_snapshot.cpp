#include "embedded_snapshot.hpp"

namespace codehelper {

Result<void> EmbeddedSnapshot::follow(IndexDatabase& database) {
  auto revision = database.revision();
  if (!revision) return std::unexpected(revision.error());
  if (revision_ == *revision) return {};
  auto ids = database.chunk_ids();
  if (!ids) return std::unexpected(ids.error());
  remove_missing(*ids);
  if (snapshot_.is_worn_out()) *this = {};
  auto loaded = load_paths(database);
  if (loaded) loaded = add_new(database);
  if (!loaded) return loaded;
  const auto marker = database.load_marker();
  if (!marker) return std::unexpected(marker.error());
  snapshot_.learn(LearnedVectors::Learning::later);
  const bool is_indexing = *marker && (*marker)->state == IndexState::indexing;  // more commits are to come
  is_behind_ = !is_indexing;
  revision_ = *revision;
  return {};
}

Result<void> EmbeddedSnapshot::load_paths(IndexDatabase& database) {
  return database.visit_files([this](std::int64_t id, std::string_view path) {
    const auto [entry, is_new] = file_numbers_.try_emplace(id);
    if (is_new) entry->second = snapshot_.add_file(path);
  });
}

void EmbeddedSnapshot::remove_missing(const std::vector<std::int64_t>& live_ids) {
  auto live = live_ids.begin();
  const std::vector<IndexSnapshot::ChunkEntry>& chunks = snapshot_.chunks();
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    while (live != live_ids.end() && *live < chunks[i].id) ++live;
    if (!chunks[i].is_live || (live != live_ids.end() && *live == chunks[i].id)) continue;
    snapshot_.remove(i);
  }
}

Result<void> EmbeddedSnapshot::add_new(IndexDatabase& database) {
  std::vector<TermCount> terms;
  const auto add = [&](const FeatureRow& row) {
    const auto file = file_numbers_.find(row.file_id);
    if (file == file_numbers_.end() || !decode_terms(row.terms, terms)) return false;
    snapshot_.add(row.chunk_id, file->second, row.start_line, terms);
    return snapshot_.add_vector(row.vector);
  };
  return database.visit_features(snapshot_.chunks().empty() ? 0 : snapshot_.chunks().back().id, add);
}

}  // namespace codehelper
