#include "symbol_codec.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

FileSymbols sample() {
  FileSymbols symbols;
  symbols.definitions = {{"run", "Widget::run", "method", 3, 10}, {"Widget", "Widget", "class", 1, 300'000}};
  symbols.references = {{"Run", {7}}, {"log", {1, 2, 1000, 90'000}}, {"run", {5, 6}}};
  return symbols;
}

}  // namespace

TEST_CASE("symbol codec: what is packed comes out again") {
  const auto symbols = sample();
  const auto packed = pack_symbols(symbols);

  CHECK(unpack_definitions(packed.definitions) == symbols.definitions);
  for (const auto& references : symbols.references) {
    const auto place = find_hash(packed.referred, hash_name(references.name));
    REQUIRE(place);
    CHECK(unpack_lines(packed.lines, *place) == references.lines);
  }
  CHECK(find_hash(packed.defined, hash_name("widget")));
  CHECK_FALSE(find_hash(packed.defined, hash_name("Widget")));
  CHECK_FALSE(find_hash(packed.referred, hash_name("widget")));
  CHECK_FALSE(find_hash("", 1));
}

TEST_CASE("symbol codec: damaged bytes give nothing or something, and are never read beyond") {
  const auto packed = pack_symbols(sample());
  for (const auto* bytes : {&packed.definitions, &packed.lines}) {
    for (std::size_t at = 0; at < bytes->size(); ++at) {
      const auto cut = bytes->substr(0, at);
      auto changed = *bytes;
      changed[at] = static_cast<char>(changed[at] ^ 0x55);
      for (const auto& damaged : {cut, changed}) {
        const auto definitions = unpack_definitions(damaged);
        CHECK((!definitions || definitions->size() < 1000));
        const auto lines = unpack_lines(damaged, 2);
        CHECK((!lines || lines->size() < 1000));
      }
    }
  }
  CHECK_FALSE(unpack_definitions(std::string("\x05\xFF\xFF\xFF\xFF\x0F", 6)));
  CHECK_FALSE(unpack_lines(packed.lines, 3));
  // Lines whose sum no int holds: 2^31 - 1 and 1; and three steps of 2^30 - 1.
  CHECK_FALSE(unpack_definitions(std::string("\x0a\x01x\x01\x00\xFF\xFF\xFF\xFF\x07\x01", 11)));
  CHECK_FALSE(unpack_lines(std::string("\x10\x03\xFF\xFF\xFF\xFF\x03\xFF\xFF\xFF\xFF\x03\xFF\xFF\xFF\xFF\x03", 17), 0));
}
