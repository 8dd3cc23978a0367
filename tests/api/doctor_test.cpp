// What the doctor finds out about an embedding server.
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <utility>

#include "embedder_check.hpp"

using namespace codehelper;

namespace {

// The built-in embedder as a server that may be broken.
class BrokenEmbedder final : public Embedder {
 public:
  explicit BrokenEmbedder(EventLoop& loop) : sound_(make_hashing_embedder(loop)) {}

  std::string identity() const override { return "broken"; }
  double weight() const override { return 1; }
  Task<Result<std::size_t>> find_dimension(RequestContext context) override {
    if (is_away) co_return fail(ErrorCode::unavailable, "nobody answers");
    co_return co_await sound_->find_dimension(std::move(context));
  }
  Task<Result<std::vector<Embedding>>> embed(RequestContext context, TextRole role,
                                             std::vector<std::string> texts) override {
    const auto is_long = [this](const std::string& text) { return text.size() > max_bytes; };
    if (std::ranges::any_of(texts, is_long)) co_return fail(ErrorCode::bad_answer, "input is too long");
    auto vectors = co_await sound_->embed(std::move(context), role, std::move(texts));
    if (vectors && spoil) spoil(*vectors);
    co_return vectors;
  }

  bool is_away = false;
  std::size_t max_bytes = std::size_t{1024} * 1024;
  std::function<void(std::vector<Embedding>&)> spoil;

 private:
  std::unique_ptr<Embedder> sound_;
};

DoctorCheck check(EventLoop& loop, Embedder& embedder) {
  return run_until_done(loop, check_embedder({}, embedder));
}

}  // namespace

TEST_CASE("doctor: an embedder that is well is told with its dimension") {
  EventLoop loop(1);
  const auto embedder = make_hashing_embedder(loop);

  const DoctorCheck found = check(loop, *embedder);

  CHECK(found.is_ok());
  CHECK_THAT(found.state, Catch::Contains(embedder->identity()) && Catch::Contains("64 dimensions"));
}

TEST_CASE("doctor: an embedder that mixes up, ignores or refuses texts, or is away, is told with what to do") {
  EventLoop loop(1);
  BrokenEmbedder embedder(loop);
  std::string state;
  SECTION("another order") {
    embedder.spoil = [](std::vector<Embedding>& vectors) { std::ranges::reverse(vectors); };
    state = "another order";
  }
  SECTION("one vector for all") {
    embedder.spoil = [](std::vector<Embedding>& vectors) {
      for (Embedding& vector : vectors) {
        std::ranges::fill(vector, 0.0F);
        vector.front() = 1;
      }
    };
    state = "the same vector";
  }
  SECTION("no long texts") {
    embedder.max_bytes = 2048;
    state = "input is too long";
  }
  SECTION("nobody there") {
    embedder.is_away = true;
    state = "nobody answers";
  }

  const DoctorCheck found = check(loop, embedder);

  CHECK_FALSE(found.is_ok());
  CHECK_THAT(found.state, Catch::Contains(state));
}
