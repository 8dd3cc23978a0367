// The symbols of a file as bytes: the hashes of its names, which are looked through whole to find the files that have a
// name, and apart from these what is then read of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/symbols.hpp"

namespace codehelper {

struct PackedSymbols {
  std::string defined;      // hashes of the names in lower case: 4 bytes each, ascending
  std::string referred;     // of the names as written
  std::string definitions;  // compressed
  std::string lines;        // of each name of `referred`, in its order; compressed
};

PackedSymbols pack_symbols(const FileSymbols& symbols);

std::uint32_t hash_name(std::string_view name);
/// The place of `hash` among `hashes`, or nothing.
std::optional<std::size_t> find_hash(std::string_view hashes, std::uint32_t hash);

/// Nothing when the bytes are damaged.
std::optional<std::vector<SymbolDefinition>> unpack_definitions(std::string_view bytes);
/// Of the name at `place` in `referred`.
std::optional<std::vector<int>> unpack_lines(std::string_view bytes, std::size_t place);

}  // namespace codehelper
