#include "../../src/index/parse_memory.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstring>
#include <thread>

#include "codehelper/index/chunker.hpp"
#include "index/chunk_samples.hpp"

using namespace codehelper;

TEST_CASE("parse memory: a list's pieces hold the bytes that were asked for, and little more") {
  for (const std::size_t bytes : {1UL, 16UL, 17UL, 1023UL, 1024UL, 1025UL, 2048UL, 2049UL, 1'000'000UL}) {
    const auto held_bytes = ParseMemory::piece_bytes(ParseMemory::list_of(bytes));

    CHECK(held_bytes >= bytes);
    CHECK(held_bytes < (bytes <= 1024 ? bytes + 16 : 2 * bytes));
  }
}

TEST_CASE("parse memory: pieces of all sizes are apart") {
  ParseMemory memory;
  std::vector<std::pair<unsigned char*, std::size_t>> pieces;

  for (std::size_t i = 0; i < 400; ++i) {
    const auto list = 1 + i * 7 % 76;
    const auto bytes = ParseMemory::piece_bytes(list);
    auto* piece = static_cast<unsigned char*>(memory.take(list));
    CHECK(reinterpret_cast<std::uintptr_t>(piece) % 16 == 0);
    std::memset(piece, static_cast<int>(i % 251), bytes);
    pieces.emplace_back(piece, bytes);
  }

  for (std::size_t i = 0; i < pieces.size(); ++i) {
    CHECK(pieces[i].first[0] == i % 251);
    CHECK(pieces[i].first[pieces[i].second - 1] == i % 251);
  }
}

TEST_CASE("parse memory: what was given back is taken again") {
  ParseMemory memory;
  void* const first = memory.take(3);
  void* const second = memory.take(3);
  memory.give_back(first, 3);
  memory.give_back(second, 3);

  CHECK(memory.take(4) != second);
  CHECK(memory.take(3) == second);
  CHECK(memory.take(3) == first);
}

TEST_CASE("parse memory: threads that parse at the same time don't share it") {
  std::vector<FileOutline> expected;
  for (const auto& sample : test::chunk_samples()) expected.push_back(outline_file(sample.path, sample.text));

  int wrong[2] = {};
  const auto parse_all = [&expected](int& count) {
    for (int round = 0; round < 5; ++round) {
      for (std::size_t i = 0; const auto& sample : test::chunk_samples()) {
        if (outline_file(sample.path, sample.text).symbols != expected[i++].symbols) ++count;
      }
    }
  };
  std::thread other(parse_all, std::ref(wrong[1]));
  parse_all(wrong[0]);
  other.join();

  CHECK(wrong[0] + wrong[1] == 0);
}
