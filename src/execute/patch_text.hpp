// A file while hunks are put into it, and the diff that comes of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/execute/patch.hpp"

namespace codehelper {

std::unexpected<Error> refuse_patch(std::string message);

/// Lines with their line feeds. Views into `text`.
std::vector<std::string_view> split_with_line_feeds(std::string_view text);

inline constexpr std::size_t kNewLine = static_cast<std::size_t>(-1);

struct ImageLine {
  std::string text;
  std::size_t origin = kNewLine;  // its place in the file before, from 0
  bool is_patched = false;        // a part of a hunk of this patch
};

struct Image {
  std::vector<ImageLine> lines;

  std::string text() const;
};
Image make_image(std::string_view text);

/// Puts the hunk's new side in place of its old one, which begins at line `at` (from 0) and is there.
void put_hunk(Image& image, std::size_t at, const PatchHunk& hunk);

/// The hunks of git diff with three lines of context; empty when nothing differs.
std::string render_hunks(const std::vector<std::string_view>& before, const Image& after);

/// As git writes a path in a header: in quotes where it must be.
std::string quote_path(const std::string& path);

}  // namespace codehelper
