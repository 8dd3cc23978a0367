// Small text helpers that several floors need.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// Invalid UTF-8 sequences replaced by U+FFFD, one for each maximal ill-formed part (Unicode 15, section 3.9).
std::string to_valid_utf8(std::string_view bytes);

/// The candidate with the smallest Levenshtein distance to `word`, or empty when none is nearer than half its length.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> candidates);

/// The lines `first` to `last` (1-based, inclusive) with their line feeds; fewer when the text ends before. Lines end
/// at '\n' only. A view into `text`.
std::string_view select_lines(std::string_view text, int first, int last);

/// All lines without their line feeds; one at the end begins no further line. Views into `text`.
std::vector<std::string_view> split_lines(std::string_view text);

/// Whether `byte` of valid UTF-8 goes on with a character that an earlier byte began.
bool is_utf8_continuation(char byte);
/// The last place at or before `at` where a character of `text`, valid UTF-8, begins.
std::size_t character_border(std::string_view text, std::size_t at);

/// Whether there is nothing but spaces, line ends and other control characters in it.
bool is_blank(std::string_view text);

std::string to_lower_ascii(std::string_view text);

}  // namespace codehelper
