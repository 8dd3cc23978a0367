#include "subject.hpp"

#include <algorithm>
#include <array>

#include "codehelper/index/text_analysis.hpp"
#include "words.hpp"

namespace codehelper {
namespace {

constexpr std::size_t kMostWords = 12;
constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kShortestName = 2;  // "DB"

// How much of the fit a flaw leaves. A declaration with the wrong qualifiers is behind one with the right ones even
// when the latter is in a test, whose prior is a half.
constexpr double kOtherSpelling = 0.8;  // "writebatch" for WriteBatch
constexpr double kPrototype = 0.7;
constexpr double kUnderOtherSymbol = 0.9;  // a member shown with its class, a constructor
constexpr double kUnqualified = 0.2;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Where "(" begins the arguments of a call; npos when there is none.
std::size_t find_call(std::string_view word) {
  for (std::size_t at = 1; at < word.size(); ++at) {
    if (word[at] == '(' && (is_name_character(word[at - 1]) || word[at - 1] == '>')) return at;
  }
  return std::string_view::npos;
}

/// Without quotes, brackets and template arguments: "Map::get" for "`(*Map<K,V>)::get`".
std::string strip_decoration(std::string_view word) {
  std::string plain;
  int depth = 0;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const char c = word[at];
    const bool is_arrow = c == '>' && at > 0 && word[at - 1] == '-';
    if (c == '<') ++depth;
    if (depth == 0 && std::string_view("()*&~`\"'").find(c) == std::string_view::npos) plain += c;
    if (c == '>' && !is_arrow && depth > 0) --depth;
  }
  const auto is_outer = [](char c) { return !is_name_character(c); };
  plain.erase(std::find_if_not(plain.rbegin(), plain.rend(), is_outer).base(), plain.end());
  plain.erase(plain.begin(), std::ranges::find_if_not(plain, is_outer));
  return plain;
}

/// Nothing when the word is no name; "write-batch" is none, "net-utils/http.Client" is one.
std::optional<Subject> parse_name(std::string_view word) {
  Subject subject;
  subject.written = strip_decoration(word.substr(0, find_call(word)));
  const std::string_view written = subject.written;
  if (written.size() > kMaxNameBytes) return std::nullopt;
  std::string part;
  for (std::size_t at = 0; at < written.size(); ++at) {
    if (is_name_character(written[at])) {
      part += written[at];
      continue;
    }
    if (std::string_view("./:\\#>-").find(written[at]) == std::string_view::npos) return std::nullopt;
    if (!part.empty()) subject.qualifiers.push_back(std::move(part));
    part.clear();
  }
  const std::size_t separator = written.find_last_of("./:\\#>-");
  const bool is_dashed = separator != std::string_view::npos && written[separator] == '-';
  if (is_dashed || part.size() < kShortestName || is_digit(part.front())) return std::nullopt;
  subject.name = std::move(part);
  return subject;
}

/// Whether a word of prose is written as code.
bool looks_like_code(std::string_view word, const Subject& subject) {
  if (find_call(word) != std::string_view::npos || word.starts_with('`')) return true;
  return subject.written.find_first_of(".:#>") != std::string::npos || is_written_as_code(subject.name);
}

/// Whether a symbol or a path has such a name as a part: "src/net/cache.cc" has src, net, cache and cc.
bool has_part(std::string_view text, std::string_view wanted) {
  const std::string term = definition_term(wanted);
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && is_name_character(text[end])) ++end;
    if (end > begin && definition_term(text.substr(begin, end - begin)) == term) return true;
    begin = end + 1;
  }
  return false;
}

double share_of_qualifiers(const Subject& subject, const Chunk& chunk) {
  if (subject.qualifiers.empty()) return 1;
  const auto found = std::ranges::count_if(subject.qualifiers, [&](const std::string& qualifier) {
    return has_part(chunk.symbol, qualifier) || has_part(chunk.path, qualifier);
  });
  return static_cast<double>(found) / static_cast<double>(subject.qualifiers.size());
}

/// Whether the chunk is called after the subject itself: "Widget::run" for run; "Widget::Widget" is not the Widget.
bool is_named_after(const Subject& subject, std::string_view symbol) {
  std::size_t begin = symbol.size();
  while (begin > 0 && is_name_character(symbol[begin - 1])) --begin;
  return has_part(symbol.substr(begin), subject.name) && !has_part(symbol.substr(0, begin), subject.name);
}

/// The position after the bracket that closes the one at the beginning; the end of the text when none does.
std::size_t end_of_brackets(std::string_view text) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '(') ++depth;
    if (text[at] == ')' && --depth == 0) return at + 1;
  }
  return text.size();
}

enum class Mention { other, prototype, body };

/// By what follows a name: "(int size) const;" ends a prototype, "(int size) const {" begins a body.
Mention read_mention(std::string_view rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  if (!rest.starts_with('(')) return Mention::other;
  std::size_t at = 0;
  while (at < rest.size()) {
    const char c = rest[at];
    const bool is_scope = rest.substr(at, 2) == "::";
    if (c == ':' && !is_scope) return Mention::body;
    const bool is_of_head = is_name_character(c) || std::string_view(" \t\r\n-<>*&.[],").find(c) != std::string::npos;
    if (c != '(' && !is_scope && !is_of_head) break;
    at += c == '(' ? end_of_brackets(rest.substr(at)) : is_scope ? 2 : 1;
  }
  rest.remove_prefix(std::min(at, rest.size()));
  if (rest.starts_with('{')) return Mention::body;
  return rest.starts_with(';') || rest.starts_with("= 0") || rest.starts_with("=0") ? Mention::prototype
                                                                                    : Mention::other;
}

bool is_after_type_keyword(std::string_view before) {
  static constexpr std::array kKeywords =
      std::to_array<std::string_view>({"class ", "struct ", "union ", "enum ", "interface ", "trait ", "record "});
  return std::ranges::any_of(kKeywords, [&](std::string_view keyword) { return before.ends_with(keyword); });
}

enum class Form { unclear, type, body, prototype };

/// How `name` is declared, judged by its first mentions and the text that directly follows each. A prototype is a
/// function that is only announced: "Status Open(const Options&);" of a header or an interface.
Form form_of_declaration(std::string_view text, std::string_view name) {
  constexpr int kMostMentions = 50;
  constexpr std::size_t kHeadBytes = 500;
  Form form = Form::unclear;
  int mentions = 0;
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string_view::npos && mentions < kMostMentions;) {
    const std::size_t begin = at;
    at += name.size();
    const bool is_longer =
        (begin > 0 && is_name_character(text[begin - 1])) || (at < text.size() && is_name_character(text[at]));
    if (is_longer) continue;
    ++mentions;
    if (is_after_type_keyword(text.substr(0, begin))) return Form::type;
    const Mention mention = read_mention(text.substr(at, kHeadBytes));
    if (mention == Mention::body) form = Form::body;
    if (mention == Mention::prototype && form == Form::unclear) form = Form::prototype;
  }
  return form;
}

}  // namespace

bool is_written_as_code(std::string_view name) {
  if (name.size() < kShortestName) return false;
  if (name.substr(1, name.size() - 2).find('_') != std::string_view::npos) return true;
  for (std::size_t i = 1; i < name.size(); ++i) {
    const bool is_hump = name[i - 1] >= 'a' && name[i - 1] <= 'z' && name[i] >= 'A' && name[i] <= 'Z';
    if (is_hump) return true;
  }
  return false;
}

std::optional<Subject> find_subject(std::string_view question) {
  const std::vector<std::string_view> words = split_words(question, kMostWords + 1);
  if (words.empty() || words.size() > kMostWords) return std::nullopt;
  if (words.size() == 1) {
    auto alone = parse_name(words.front());
    if (alone) alone->is_alone = true;
    return alone;
  }
  std::optional<Subject> subject;
  for (const std::string_view word : words) {
    auto name = parse_name(word);
    if (!name || !looks_like_code(word, *name)) continue;
    if (subject && subject->written != name->written) return std::nullopt;
    subject = std::move(name);
  }
  return subject;
}

double declaration_fit(const Subject& subject, const Chunk& chunk) {
  const std::string term = definition_term(subject.name);
  // "the remote_ip matcher" of a sentence is something else than RemoteIP.
  const auto is_same = [&](const std::string& name) { return subject.is_alone && definition_term(name) == term; };
  const auto exact = std::ranges::find(chunk.definitions, subject.name);
  const auto declared = exact != chunk.definitions.end() ? exact : std::ranges::find_if(chunk.definitions, is_same);
  if (declared == chunk.definitions.end()) return 0;
  double fit = kUnqualified + (1 - kUnqualified) * share_of_qualifiers(subject, chunk);
  if (exact == chunk.definitions.end()) fit *= kOtherSpelling;
  const Form form = form_of_declaration(chunk.text, *declared);
  if (form == Form::prototype) fit *= kPrototype;
  if (form != Form::type && !is_named_after(subject, chunk.symbol)) fit *= kUnderOtherSymbol;
  return fit;
}

}  // namespace codehelper
