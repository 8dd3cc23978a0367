// Any bytes in any language must come out as chunks that cover every line that is not blank exactly once, in order, and
// as symbols on lines that are there.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codehelper/index/chunker.hpp"

namespace {

constexpr auto kPaths = std::to_array<std::string_view>({
    "a.c",  "a.cpp", "a.cs", "a.go",  "a.h",  "a.java",  "a.js", "a.kt",  "a.lua", "a.md",  "a.php",
    "a.py", "a.rb",  "a.rs", "a.rst", "a.sh", "a.swift", "a.ts", "a.tsx", "a.txt", "a.zig",
});

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto [chunks, symbols] = codehelper::outline_file(kPaths[data[0] % kPaths.size()], content,
                                                          {.target_lines = 5, .max_lines = 10, .max_bytes = 200});
  std::size_t at = 0;
  for (const auto& chunk : chunks) {
    const auto start = content.find(chunk.text, at);
    if (start == std::string_view::npos || !is_blank(content.substr(at, start - at))) std::abort();
    at = start + chunk.text.size();
  }
  if (!is_blank(content.substr(at))) std::abort();

  const auto lines = static_cast<int>(std::ranges::count(content, '\n')) + 1;
  for (const auto& definition : symbols.definitions) {
    if (definition.line < 1 || definition.end_line < definition.line || definition.end_line > lines) std::abort();
  }
  for (const auto& references : symbols.references) {
    if (!std::ranges::is_sorted(references.lines) || references.lines.back() > lines) std::abort();
  }
  return 0;
}
