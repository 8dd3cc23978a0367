#include "identifier.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "porter_stemmer.hpp"

namespace codehelper {
namespace {

enum class Kind { separator, lower, upper, digit, ideograph };

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  Kind kind = Kind::separator;
};

bool in(char32_t code, char32_t first, char32_t last) {
  return code >= first && code <= last;
}

/// Scripts written without spaces between words: Thai and Lao, Burmese, Khmer, kana, Chinese; and Hangul.
bool is_ideograph(char32_t code) {
  return in(code, 0x0E01, 0x0EFF) || in(code, 0x1000, 0x109F) || in(code, 0x1780, 0x17FF) || in(code, 0x3040, 0x30FF) ||
         in(code, 0x3400, 0x4DBF) || in(code, 0x4E00, 0x9FFF) || in(code, 0xAC00, 0xD7AF) || in(code, 0xF900, 0xFAFF) ||
         in(code, 0x20000, 0x3FFFF);
}

/// Signs, spaces and symbols beyond ASCII; everything else there counts as a letter.
bool is_sign(char32_t code) {
  return in(code, 0x80, 0xBF) || code == 0xD7 || code == 0xF7 || in(code, 0x2000, 0x2BFF) || in(code, 0x3000, 0x303F) ||
         in(code, 0xFE00, 0xFE6F) || in(code, 0xFF00, 0xFF0F) || in(code, 0xFFE0, 0xFFFF) || in(code, 0x1F000, 0x1FAFF);
}

/// Latin-1, Greek and Cyrillic capitals; other scripts are matched as written.
char32_t to_lower(char32_t code) {
  if (in(code, 0xC0, 0xDE) || in(code, 0x391, 0x3A9) || in(code, 0x410, 0x42F)) return code + 0x20;
  if (in(code, 0x400, 0x40F)) return code + 0x50;
  return code;
}

/// Lenient: a byte that starts no sequence is a sign of one byte.
Character decode(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (length == 1 || at + length > text.size()) return {lead, 1, Kind::separator};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xC0U) != 0x80) return {lead, 1, Kind::separator};
    code = (code << 6U) | (byte & 0x3FU);
  }
  if (is_sign(code)) return {code, length, Kind::separator};
  if (is_ideograph(code)) return {code, length, Kind::ideograph};
  return {code, length, to_lower(code) == code ? Kind::lower : Kind::upper};
}

Character read(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c >= 'a' && c <= 'z') return {static_cast<char32_t>(c), 1, Kind::lower};
  if (c >= 'A' && c <= 'Z') return {static_cast<char32_t>(c), 1, Kind::upper};
  if (c >= '0' && c <= '9') return {static_cast<char32_t>(c), 1, Kind::digit};
  if (static_cast<unsigned char>(c) < 0x80) return {static_cast<char32_t>(c), 1, Kind::separator};
  return decode(text, at);
}

void append_lower(std::string& part, const Character& character) {
  if (character.code < 0x80) {
    part += static_cast<char>(character.kind == Kind::upper ? character.code + 0x20 : character.code);
    return;
  }
  const char32_t code = to_lower(character.code);
  const auto tail = [&](unsigned shift) { part += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x800) {
    part += static_cast<char>(0xC0U | (code >> 6U));
  } else if (code < 0x10000) {
    part += static_cast<char>(0xE0U | (code >> 12U));
    tail(6);
  } else {
    part += static_cast<char>(0xF0U | (code >> 18U));
    tail(12);
    tail(6);
  }
  tail(0);
}

/// Letters, digits and '_' of ASCII: nearly all of source text, so they are not decoded.
constexpr std::array<bool, 256> kIsPlain = [] {
  std::array<bool, 256> is_plain{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")) {
    is_plain[static_cast<unsigned char>(c)] = true;
  }
  return is_plain;
}();

bool is_plain(char c) {
  return kIsPlain[static_cast<unsigned char>(c)];
}

/// A lone letter says nothing; a lone digit may ("python 3").
bool is_lone_letter(const std::vector<std::string>& parts) {
  return parts.size() == 1 && parts[0].size() == 1 && parts[0][0] >= 'a' && parts[0][0] <= 'z';
}

/// Whether a new part begins at `current`: "readLine", "utf8", "HTTPServer" before the S.
bool starts_part(Kind before, Kind current, Kind after) {
  if (current == Kind::ideograph || before == Kind::ideograph) return true;
  if ((before == Kind::digit) != (current == Kind::digit)) return true;
  if (before == Kind::lower && current == Kind::upper) return true;
  return before == Kind::upper && current == Kind::upper && after == Kind::lower;
}

}  // namespace

std::optional<std::string_view> IdentifierScanner::next() {
  while (position_ < text_.size() && !is_plain(text_[position_])) {
    const Character character = read(text_, position_);
    if (character.kind != Kind::separator) break;
    position_ += character.bytes;
  }
  const std::size_t begin = position_;
  bool is_ideographic = false;
  while (position_ < text_.size()) {
    if (is_plain(text_[position_]) && !is_ideographic) {
      ++position_;
      continue;
    }
    const Character character = read(text_, position_);
    if (position_ == begin) is_ideographic = character.kind == Kind::ideograph;
    if (character.kind == Kind::separator || (character.kind == Kind::ideograph) != is_ideographic) break;
    position_ += character.bytes;
  }
  if (begin == position_) return std::nullopt;
  return text_.substr(begin, position_ - begin);
}

void split_identifier(std::string_view identifier, std::vector<std::string>& parts) {
  parts.clear();
  Kind before = Kind::separator;
  for (std::size_t at = 0; at < identifier.size();) {
    const Character current = read(identifier, at);
    at += current.bytes;
    if (current.kind != Kind::separator) {
      const Kind after = at < identifier.size() ? read(identifier, at).kind : Kind::separator;
      if (before == Kind::separator || starts_part(before, current.kind, after)) parts.emplace_back();
      append_lower(parts.back(), current);
    }
    before = current.kind;
  }
}

bool is_data(std::string_view identifier, const std::vector<std::string>& parts) {
  constexpr std::size_t kLeastPartBytes = 3;  // on average; an ideograph has as many
  return identifier.size() > kMaxWordBytes && parts.size() * kLeastPartBytes > identifier.size();
}

void stem_part(std::string& part) {
  if (std::ranges::all_of(part, [](char c) { return c >= 'a' && c <= 'z'; })) stem_word(part);
}

std::string join_parts(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += part;
  return joined;
}

std::vector<std::string> make_words(std::string_view identifier) {
  std::vector<std::string> parts;
  split_identifier(identifier, parts);
  if (parts.empty() || is_lone_letter(parts) || is_data(identifier, parts)) return {};
  std::string whole;
  if (parts.size() > 1) whole = join_parts(parts);
  for (std::string& part : parts) stem_part(part);
  std::vector<std::string> words = parts;
  for (std::size_t i = 1; i < parts.size(); ++i) words.push_back(parts[i - 1] + parts[i]);
  const bool is_pair = parts.size() == 2 && whole == words.back();
  if (parts.size() > 1 && !is_pair) words.push_back(std::move(whole));
  std::erase_if(words, [](const std::string& word) { return word.size() > kMaxWordBytes; });
  return words;
}

}  // namespace codehelper
