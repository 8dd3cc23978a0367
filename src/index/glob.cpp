#include "glob.hpp"

#include <cctype>
#include <optional>

namespace codehelper {

namespace {

// Why an attempt failed, so that the '*' around it knows whether a later start can help; without the two last ones the
// time would be exponential in the number of stars.
enum class Outcome { match, mismatch, text_is_too_short, star_met_slash };

unsigned char at(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<unsigned char>(text[index]) : '\0';
}

bool is_in_class(std::string_view name, unsigned char character, LetterCase letter_case) {
  if (name == "alnum") return std::isalnum(character) != 0;
  if (name == "alpha") return std::isalpha(character) != 0;
  if (name == "blank") return character == ' ' || character == '\t';
  if (name == "cntrl") return std::iscntrl(character) != 0;
  if (name == "digit") return std::isdigit(character) != 0;
  if (name == "graph") return std::isgraph(character) != 0;
  if (name == "lower") return std::islower(character) != 0;
  if (name == "print") return std::isprint(character) != 0;
  if (name == "punct") return std::ispunct(character) != 0;
  if (name == "space") return std::string_view(" \t\n\r").contains(static_cast<char>(character));  // git's, not C's
  if (name == "upper") {
    return std::isupper(character) != 0 || (letter_case == LetterCase::ignored && std::islower(character) != 0);
  }
  return name == "xdigit" && std::isxdigit(character) != 0;
}

bool is_known_class(std::string_view name) {
  for (const std::string_view known :
       {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit"}) {
    if (name == known) return true;
  }
  return false;
}

class Matcher {
 public:
  explicit Matcher(GlobOptions options) : options_(options) {}

  /// `pattern` may be the rest of a longer one: "**" at its beginning counts as preceded by a slash.
  Outcome match(std::string_view pattern, std::string_view text) const {
    std::size_t position = 0;
    std::size_t next = 0;
    for (; position < pattern.size(); ++position, ++next) {
      const auto wanted = fold(at(pattern, position));
      if (next >= text.size() && wanted != '*') return Outcome::text_is_too_short;
      const auto character = fold(at(text, next));
      if (wanted == '*') {
        if (const auto outcome = match_star(pattern, position, text, next)) return *outcome;
      } else if (wanted == '[') {
        const auto outcome = match_bracket(pattern, position, character);
        if (outcome != Outcome::match) return outcome;
      } else if (wanted == '?') {
        if (character == '/' && separates()) return Outcome::mismatch;
      } else {
        const auto literal = wanted == '\\' ? fold(at(pattern, ++position)) : wanted;
        if (character != literal) return Outcome::mismatch;
      }
    }
    return next >= text.size() ? Outcome::match : Outcome::mismatch;
  }

 private:
  bool separates() const { return options_.slash == GlobSlash::separates; }

  unsigned char fold(unsigned char character) const {
    if (options_.letter_case == LetterCase::matters) return character;
    return static_cast<unsigned char>(std::tolower(character));
  }

  /// From the star at `position`; nothing when both indices were moved to a slash at which matching goes on.
  std::optional<Outcome> match_star(std::string_view pattern, std::size_t& position, std::string_view text,
                                    std::size_t& next) const {
    const auto star = position;
    auto after = pattern.find_first_not_of('*', star);
    if (after == std::string_view::npos) after = pattern.size();
    const bool follows_slash = star == 0 || pattern[star - 1] == '/';
    const bool precedes_slash =
        after == pattern.size() || pattern[after] == '/' || (pattern[after] == '\\' && at(pattern, after + 1) == '/');
    const bool spans_folders = after - star >= 2 && follows_slash && precedes_slash;
    const bool crosses_slash = !separates() || spans_folders;

    if (spans_folders && at(pattern, after) == '/') {
      const auto outcome = match(pattern.substr(after + 1), text.substr(next));
      if (outcome == Outcome::match || outcome == Outcome::text_is_too_short) return outcome;
    }
    if (after == pattern.size()) {
      const bool matched = crosses_slash || !text.substr(next).contains('/');
      return matched ? Outcome::match : Outcome::mismatch;
    }
    if (!crosses_slash && pattern[after] == '/') {
      const auto slash = text.find('/', next);
      if (slash == std::string_view::npos) return Outcome::mismatch;
      position = after;
      next = slash;
      return std::nullopt;
    }
    const auto slash = crosses_slash ? GlobSlash::is_ordinary : GlobSlash::separates;
    return try_each_start(pattern.substr(after), text.substr(next), slash);
  }

  Outcome try_each_start(std::string_view rest, std::string_view text, GlobSlash slash) const {
    for (std::size_t start = 0; start < text.size(); ++start) {
      const auto outcome = match(rest, text.substr(start));
      const bool is_final = slash == GlobSlash::separates || outcome != Outcome::star_met_slash;
      if (outcome != Outcome::mismatch && is_final) return outcome;
      if (outcome == Outcome::mismatch && slash == GlobSlash::separates && text[start] == '/') {
        return Outcome::star_met_slash;
      }
    }
    return Outcome::text_is_too_short;
  }

  /// The bracket at `position`; moves it to the closing "]". A bracket without end makes the pattern match nothing.
  Outcome match_bracket(std::string_view pattern, std::size_t& position, unsigned char character) const {
    auto index = position + 1;
    const bool is_negated = at(pattern, index) == '!' || at(pattern, index) == '^';
    if (is_negated) ++index;
    const auto first = index;
    bool matched = false;
    unsigned char previous = 0;  // may begin a range
    for (;; ++index) {
      if (index >= pattern.size()) return Outcome::text_is_too_short;
      if (pattern[index] == ']' && index > first) break;
      auto member = at(pattern, index);
      const auto after = at(pattern, index + 1);
      if (member == '-' && previous != 0 && after != 0 && after != ']') {
        auto last = at(pattern, ++index);
        if (last == '\\') last = at(pattern, ++index);
        matched = matched || is_between(previous, character, last);
        previous = 0;
        continue;
      }
      if (member == '[' && after == ':') {
        const auto end = pattern.find(']', index + 2);
        if (end == std::string_view::npos) return Outcome::text_is_too_short;
        if (end > index + 2 && pattern[end - 1] == ':') {
          const auto name = pattern.substr(index + 2, end - index - 3);
          if (!is_known_class(name)) return Outcome::text_is_too_short;
          matched = matched || is_in_class(name, character, options_.letter_case);
          index = end;
          previous = 0;
          continue;
        }
      }
      if (member == '\\') member = at(pattern, ++index);
      matched = matched || character == member;
      previous = member;
    }
    position = index;
    if (matched == is_negated || (character == '/' && separates())) return Outcome::mismatch;
    return Outcome::match;
  }

  bool is_between(unsigned char first, unsigned char character, unsigned char last) const {
    if (first <= character && character <= last) return true;
    if (options_.letter_case == LetterCase::matters) return false;
    const auto upper = static_cast<unsigned char>(std::toupper(character));
    return first <= upper && upper <= last;
  }

  GlobOptions options_;
};

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text, GlobOptions options) {
  return Matcher(options).match(pattern, text) == Outcome::match;
}

}  // namespace codehelper
