// What embedding servers answer, for any bytes: as many vectors as texts, all of one dimension, of unit length or zero.
// The first byte chooses the API and the number of texts, the second the status.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "embedding_answers.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

double length_of(const Embedding& embedding) {
  double sum = 0;
  for (const float value : embedding) sum += double{value} * double{value};
  return std::sqrt(sum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  HttpAnswer answer;
  answer.status = data[1] == '2' ? 200 : 100 + data[1] * 2;
  answer.body.assign(reinterpret_cast<const char*>(data + 2), size - 2);
  const EmbeddingApi api = (data[0] & 1U) != 0 ? EmbeddingApi::openai : EmbeddingApi::ollama;
  const std::size_t texts = (data[0] >> 1U) % 3 + 1;
  const auto embeddings = read_embeddings(api, answer, "model", texts);
  if (!embeddings) {
    require(!embeddings.error().error.message.empty());
    require(embeddings.error().pause <= std::chrono::hours(1));
    return 0;
  }
  require(embeddings->size() == texts);
  for (const Embedding& embedding : *embeddings) {
    require(!embedding.empty() && embedding.size() == embeddings->front().size());
    const double length = length_of(embedding);
    require(length == 0 || std::abs(length - 1) < 1e-3);
  }
  return 0;
}
