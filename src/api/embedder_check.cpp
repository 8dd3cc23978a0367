#include "embedder_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

namespace codehelper {

namespace {

constexpr std::size_t kLongBytes = std::size_t{16} * 1024;  // more than any chunk and its header has

std::string make_long_text() {
  std::string text;
  for (int i = 0; text.size() < kLongBytes; ++i) text += fmt::format("value_{} = read_value(stream, {})\n", i, i);
  text.resize(kLongBytes);
  return text;
}

float likeness(const Embedding& a, const Embedding& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

/// What is wrong with the vectors of three texts, each asked for together with the others and alone.
std::string find_disorder(std::span<const Embedding> together, std::span<const Embedding> alone) {
  constexpr float kSame = 0.999F;  // servers' numbers depend a little on what else is in a batch
  for (std::size_t i = 0; i < alone.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (likeness(alone[i], alone[j]) >= kSame) return "different texts get the same vector";
    }
    const auto is_nearer = [&](const Embedding& other) {
      return likeness(other, alone[i]) > likeness(together[i], alone[i]);
    };
    if (std::ranges::any_of(together, is_nearer)) return "the vectors of several texts come in another order";
  }
  return {};
}

DoctorCheck lacks(std::string state, std::string fix) {
  return {"embedder", std::move(state), std::move(fix)};
}

}  // namespace

Task<DoctorCheck> check_embedder(RequestContext context, Embedder& embedder) {
  constexpr std::string_view kReach = "start the embedding server, or correct EMBED_URL, EMBED_MODEL and EMBED_API_KEY";
  constexpr std::string_view kModel = "choose another EMBED_MODEL, or repair the server";
  const std::vector<std::string> texts{"open a network socket", "the colour of a button", "sort numbers by size"};
  const auto dimension = co_await embedder.find_dimension(context);
  if (!dimension) co_return lacks(dimension.error().message, std::string(kReach));
  const auto together = co_await embedder.embed(context, TextRole::passage, texts);
  if (!together) co_return lacks(together.error().message, std::string(kReach));
  std::vector<Embedding> alone;
  for (const std::string& text : texts) {
    std::vector<std::string> one{text};
    auto vectors = co_await embedder.embed(context, TextRole::passage, std::move(one));
    if (!vectors) co_return lacks(vectors.error().message, std::string(kReach));
    alone.push_back(std::move(vectors->front()));
  }
  const std::string disorder = find_disorder(*together, alone);
  if (!disorder.empty()) co_return lacks(disorder, std::string(kModel));
  std::vector<std::string> long_text{make_long_text()};
  const auto taken = co_await embedder.embed(context, TextRole::passage, std::move(long_text));
  if (!taken) {
    co_return lacks(fmt::format("a text of {} bytes is not taken: {}", kLongBytes, taken.error().message),
                    std::string(kModel));
  }
  co_return DoctorCheck{
      "embedder", fmt::format("{}: {} dimensions, in order, takes long texts", embedder.identity(), *dimension), ""};
}

}  // namespace codehelper
