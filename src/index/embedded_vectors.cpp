#include "codehelper/index/vector_reuse.hpp"
#include "codehelper/index/word_hasher.hpp"
#include "index_database.hpp"

namespace codehelper {

namespace {

class EmbeddedVectors final : public VectorReuse {
 public:
  EmbeddedVectors(EventLoop& loop, std::filesystem::path data_dir) : loop_(loop), data_dir_(std::move(data_dir)) {}

  Task<Result<std::vector<Embedding>>> find_vectors(RequestContext /*context*/, Project project,
                                                    std::vector<std::int64_t> keys) override {
    auto work = [file = embedded_index_path(data_dir_, project),
                 keys = std::move(keys)]() -> Result<std::vector<Embedding>> {
      std::vector<Embedding> vectors(keys.size());
      auto database = IndexDatabase::open_existing(file);
      if (!database) return std::unexpected(database.error());
      if (!*database) return vectors;
      auto transaction = (*database)->begin_reading();  // one for all: each of its own takes and gives back locks
      if (!transaction) return std::unexpected(transaction.error());
      for (std::size_t i = 0; i < keys.size(); ++i) {
        auto found = (*database)->find_vector(keys[i]);
        if (!found) return std::unexpected(found.error());
        vectors[i] = std::move(*found);
      }
      return vectors;
    };
    co_return co_await loop_.run_blocking(std::move(work));
  }

 private:
  EventLoop& loop_;
  std::filesystem::path data_dir_;
};

}  // namespace

std::int64_t vector_key(std::string_view embedder_identity, std::string_view text) {
  const auto key = hash_word(embedder_identity) * 31 + hash_word(text);
  return key == 0 ? 1 : static_cast<std::int64_t>(key);
}

std::unique_ptr<VectorReuse> open_embedded_vectors(EventLoop& loop, std::filesystem::path data_dir) {
  return std::make_unique<EmbeddedVectors>(loop, std::move(data_dir));
}

}  // namespace codehelper
