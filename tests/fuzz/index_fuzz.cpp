// An index with any damage: it is told, or what is left answers. The first byte chooses: 'f' changes bytes of an index
// file (two bytes of place in units of 16, one of place within them, one of value, again and again); the others read
// packed columns.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "codehelper/index/index_check.hpp"
#include "codehelper/index/symbol_index.hpp"
#include "packed_text.hpp"
#include "support/damaged_index.hpp"
#include "symbol_codec.hpp"
#include "term_vector.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

void check_file(std::string_view edits) {
  static DamagedIndex index;
  index.damage(edits);
  bool is_sound = true;
  for (const CheckResult& result : check_index_file(index.file())) {
    is_sound = is_sound && result.what != "damaged" && result.what != "can't be opened";
  }
  const auto store = open_embedded_store(index.loop(), index.data());
  const auto symbols = open_embedded_symbols(index.loop(), index.data());
  static_cast<void>(run_until_done(index.loop(), store->list_files({}, index.project())));
  static_cast<void>(run_until_done(index.loop(), symbols->find_symbol({}, index.project(), {"second", 5})));
  ChunkQuery query = make_word_query("first second");
  query.embedding = {1, 0};
  const auto hits = run_until_done(index.loop(), store->query({}, index.project(), query));
  if (hits || !is_sound) return;
  if (hits.error().code == ErrorCode::not_found) return;  // it says that it is no index any more
  std::abort();
}

void check_columns(std::uint8_t kind, std::string_view bytes) {
  std::vector<TermCount> terms;
  if (kind == 't') decode_terms(bytes, terms);
  if (kind == 'v') decode_vector(bytes);
  if (kind == 'd') unpack_definitions(bytes);
  if (kind == 'l') unpack_lines(bytes, bytes.size() % 4);
  if (kind == 'h') find_hash(bytes, 0x01020304);
  if (kind == 'p' && unpack_text(pack_text(bytes), bytes.size()) != bytes) std::abort();
  if (kind == 'u') unpack_text(bytes, ~std::size_t{0} / (bytes.size() + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 'f') check_file(rest);
  check_columns(data[0], rest);
  return 0;
}
