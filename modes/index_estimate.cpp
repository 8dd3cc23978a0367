#include "index_estimate.hpp"

#include <algorithm>
#include <iterator>

#include "codehelper/index/chunker.hpp"
#include "wiring.hpp"

namespace codehelper {

namespace {

using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kFiles = 200;
constexpr std::size_t kTexts = 32;  // as an index pass gives them to an embedder
constexpr std::chrono::seconds kCutting{1};
constexpr std::chrono::seconds kEmbedding{2};
// What an index pass does beside: it writes chunks, words and vectors, and cuts while it writes. As measured with
// `codehelper index --plan` and `codehelper index --from-scratch` on one tree.
constexpr double kStoring = 1.0;

struct Sample {
  std::vector<std::string> texts;
  double bytes = 0;
  Seconds cutting{0};
};

/// Files from all over the tree.
Sample cut_some(const Config& config, const std::filesystem::path& root, const std::vector<SourceFile>& files) {
  Sample sample;
  const auto begin = Clock::now();
  const std::size_t step = std::max<std::size_t>(1, files.size() / kFiles);
  for (std::size_t i = 0; i < files.size() && Clock::now() - begin < kCutting; i += step) {
    const auto read = read_source_file(root, files[i], config.index.max_file_bytes);
    if (!read || !*read) continue;
    const std::string& content = (*read)->bytes;
    for (Chunk& chunk : outline_file(files[i].path, content).chunks) sample.texts.push_back(std::move(chunk.text));
    sample.bytes += static_cast<double>(content.size());
  }
  sample.cutting = Clock::now() - begin;
  return sample;
}

/// How long one text takes.
Task<Result<Seconds>> embed_some(Embedder& embedder, std::vector<std::string> texts) {
  const RequestContext context = make_background_context(Log::none(), "plan");
  const auto dimension = co_await embedder.find_dimension(context);  // and a model is loaded by now
  if (!dimension) co_return std::unexpected(dimension.error());
  const auto begin = Clock::now();
  std::size_t done = 0;
  while (done < texts.size() && Clock::now() - begin < kEmbedding) {
    const std::size_t count = std::min(kTexts, texts.size() - done);
    const auto first = std::next(texts.begin(), static_cast<std::ptrdiff_t>(done));
    std::vector<std::string> some(first, std::next(first, static_cast<std::ptrdiff_t>(count)));
    auto embedding = embedder.embed(context, TextRole::passage, std::move(some));
    const auto made = co_await std::move(embedding);
    if (!made) co_return std::unexpected(made.error());
    done += count;
  }
  co_return Seconds(Clock::now() - begin) / static_cast<double>(std::max<std::size_t>(1, done));
}

}  // namespace

Result<Seconds> estimate_index_time(const Config& config, const std::filesystem::path& root, const IndexPlan& plan) {
  Sample sample = cut_some(config, root, plan.files);
  if (sample.bytes == 0) return Seconds(0);
  EventLoop loop;
  Metrics metrics;
  const auto embedder = make_embedder(loop, metrics, config.embed);
  if (!embedder) return std::unexpected(embedder.error());
  const auto texts = static_cast<double>(sample.texts.size());
  const auto each = run_until_done(loop, embed_some(*embedder->embedder, std::move(sample.texts)));
  if (!each) return std::unexpected(each.error());
  const double times = static_cast<double>(plan.bytes) / sample.bytes;
  return (sample.cutting + *each * texts) * (times * kStoring);
}

}  // namespace codehelper
