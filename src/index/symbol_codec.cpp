#include "symbol_codec.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

#include "codehelper/base/text.hpp"
#include "codehelper/index/word_hasher.hpp"
#include "packed_text.hpp"
#include "varint.hpp"

namespace codehelper {

namespace {

constexpr std::size_t kMaxUnpackedBytes = std::size_t{64} * 1024 * 1024;  // more is damage

void append_hash(std::string& bytes, std::uint32_t hash) {
  for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(hash >> shift);
}

std::uint32_t hash_at(std::string_view hashes, std::size_t place) {
  std::uint32_t hash = 0;
  for (unsigned i = 0; i < 4; ++i) hash |= std::uint32_t{static_cast<unsigned char>(hashes[place * 4 + i])} << (8 * i);
  return hash;
}

std::string pack_sized(std::string_view bytes) {
  std::string packed;
  append_varint(packed, bytes.size());
  return packed + pack_text(bytes);
}

std::optional<std::string> unpack_sized(std::string_view packed) {
  std::size_t at = 0;
  std::uint64_t size = 0;
  if (!read_varint(packed, at, size) || size > kMaxUnpackedBytes) return std::nullopt;
  return unpack_text(packed.substr(at), size);
}

void append_text(std::string& bytes, std::string_view text) {
  append_varint(bytes, text.size());
  bytes += text;
}

bool read_text(std::string_view bytes, std::size_t& at, std::string& text) {
  std::uint64_t size = 0;
  if (!read_varint(bytes, at, size) || size > bytes.size() - at) return false;
  text = bytes.substr(at, size);
  at += size;
  return true;
}

/// Of lines and lengths, so that two of them can be added.
bool read_number(std::string_view bytes, std::size_t& at, int& number) {
  constexpr std::uint64_t kMaxNumber = std::numeric_limits<int>::max() / 2;
  std::uint64_t value = 0;
  if (!read_varint(bytes, at, value) || value > kMaxNumber) return false;
  number = static_cast<int>(value);
  return true;
}

std::string encode_definitions(const std::vector<SymbolDefinition>& definitions) {
  std::string bytes;
  for (const auto& definition : definitions) {
    append_text(bytes, definition.symbol);
    append_varint(bytes, definition.name.size());  // it ends the symbol
    append_text(bytes, definition.kind);
    append_varint(bytes, static_cast<std::uint64_t>(definition.line));
    append_varint(bytes, static_cast<std::uint64_t>(definition.end_line - definition.line));
  }
  return bytes;
}

std::string encode_lines(const std::vector<int>& lines) {
  std::string bytes;
  append_varint(bytes, lines.size());
  int before = 0;
  for (const int line : lines) {
    append_varint(bytes, static_cast<std::uint64_t>(line - before));
    before = line;
  }
  return bytes;
}

}  // namespace

std::uint32_t hash_name(std::string_view name) {
  return static_cast<std::uint32_t>(hash_word(name));
}

PackedSymbols pack_symbols(const FileSymbols& symbols) {
  PackedSymbols packed;
  std::vector<std::uint32_t> defined;
  defined.reserve(symbols.definitions.size());
  for (const auto& definition : symbols.definitions) defined.push_back(hash_name(to_lower_ascii(definition.name)));
  std::ranges::sort(defined);
  defined.erase(std::ranges::unique(defined).begin(), defined.end());
  for (const auto hash : defined) append_hash(packed.defined, hash);

  std::map<std::uint32_t, const std::vector<int>*> by_hash;
  for (const auto& references : symbols.references) by_hash.emplace(hash_name(references.name), &references.lines);
  std::string lines;
  for (const auto& [hash, found] : by_hash) {
    append_hash(packed.referred, hash);
    lines += encode_lines(*found);
  }
  packed.definitions = pack_sized(encode_definitions(symbols.definitions));
  packed.lines = pack_sized(lines);
  return packed;
}

std::optional<std::size_t> find_hash(std::string_view hashes, std::uint32_t hash) {
  std::size_t low = 0;
  std::size_t high = hashes.size() / 4;
  while (low < high) {
    const auto middle = (low + high) / 2;
    const auto found = hash_at(hashes, middle);
    if (found == hash) return middle;
    if (found < hash) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<SymbolDefinition>> unpack_definitions(std::string_view bytes) {
  const auto unpacked = unpack_sized(bytes);
  if (!unpacked) return std::nullopt;
  std::vector<SymbolDefinition> definitions;
  for (std::size_t at = 0; at < unpacked->size();) {
    SymbolDefinition definition;
    int name_bytes = 0;
    int lines = 0;
    const bool is_whole = read_text(*unpacked, at, definition.symbol) && read_number(*unpacked, at, name_bytes) &&
                          read_text(*unpacked, at, definition.kind) && read_number(*unpacked, at, definition.line) &&
                          read_number(*unpacked, at, lines);
    if (!is_whole || static_cast<std::size_t>(name_bytes) > definition.symbol.size()) return std::nullopt;
    definition.name = definition.symbol.substr(definition.symbol.size() - static_cast<std::size_t>(name_bytes));
    definition.end_line = definition.line + lines;
    definitions.push_back(std::move(definition));
  }
  return definitions;
}

std::optional<std::vector<int>> unpack_lines(std::string_view bytes, std::size_t place) {
  const auto unpacked = unpack_sized(bytes);
  if (!unpacked) return std::nullopt;
  std::size_t at = 0;
  for (std::size_t entry = 0;; ++entry) {
    std::uint64_t count = 0;
    if (!read_varint(*unpacked, at, count) || count > unpacked->size() - at) return std::nullopt;
    std::vector<int> lines;
    int line = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      int step = 0;
      const bool is_line = read_number(*unpacked, at, step) && step <= std::numeric_limits<int>::max() - line;
      if (!is_line) return std::nullopt;
      lines.push_back(line += step);
    }
    if (entry == place) return lines;
  }
}

}  // namespace codehelper
