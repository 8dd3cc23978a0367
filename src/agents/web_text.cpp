#include <algorithm>
#include <array>
#include <utility>

#include "codehelper/base/text.hpp"
#include "web_search_api.hpp"

namespace codehelper {

namespace {

// Only these: "vector<int>" and "Result<T>" are code.
constexpr auto kElements = std::to_array<std::string_view>({
    "a",      "abbr",    "article", "b",      "blockquote", "body",    "br",     "button", "cite",    "code",
    "dd",     "del",     "div",     "dl",     "dt",         "em",      "figure", "font",   "footer",  "form",
    "h1",     "h2",      "h3",      "h4",     "h5",         "h6",      "head",   "header", "hr",      "html",
    "i",      "iframe",  "img",     "input",  "ins",        "kbd",     "li",     "link",   "main",    "mark",
    "meta",   "nav",     "object",  "ol",     "p",          "picture", "pre",    "q",      "s",       "samp",
    "script", "section", "small",   "source", "span",       "strong",  "style",  "sub",    "summary", "sup",
    "svg",    "table",   "tbody",   "td",     "textarea",   "tfoot",   "th",     "thead",  "title",   "tr",
    "u",      "ul",      "video",
});

constexpr std::pair<std::string_view, std::string_view> kEntities[] = {
    {"&lt;", "<"},   {"&gt;", ">"},   {"&quot;", "\""}, {"&apos;", "'"}, {"&#39;", "'"},
    {"&#x27;", "'"}, {"&nbsp;", " "}, {"&#160;", " "},  {"&amp;", "&"}};

constexpr std::size_t kLongestTag = 2048;

/// The length of the tag or comment that `text` begins with; 0 = none.
std::size_t tag_length(std::string_view text) {
  if (text.starts_with("<!--")) {
    const std::size_t end = text.substr(0, kLongestTag).find("-->");
    return end == std::string_view::npos ? 0 : end + 3;
  }
  std::size_t at = text.starts_with("</") || text.starts_with("<!") ? 2 : 1;
  const std::size_t begin = at;
  while (at < text.size() && at < begin + 12 && (std::isalnum(static_cast<unsigned char>(text[at])) != 0)) ++at;
  const std::string name = to_lower_ascii(text.substr(begin, at - begin));
  if (name != "doctype" && std::ranges::find(kElements, name) == kElements.end()) return 0;
  const std::size_t end = text.substr(0, kLongestTag).find_first_of("<>", at);
  if (end == std::string_view::npos || text[end] == '<' ||
      (text[at] != '>' && text[at] != ' ' && text[at] != '/' && text[at] != '\n')) {
    return 0;
  }
  return end + 1;
}

}  // namespace

std::string clean_web_text(std::string_view text, std::size_t limit_bytes) {
  std::string plain;
  const auto add_blank = [&plain] {
    if (!plain.empty() && plain.back() != ' ') plain += ' ';
  };
  // What is far over the limit is not read; tags and blanks make the text shorter.
  for (std::size_t at = 0; at < text.size() && plain.size() < limit_bytes + 16;) {
    const auto rest = text.substr(at);
    const std::size_t tag = rest.front() == '<' ? tag_length(rest) : 0;
    const auto* entity = rest.front() != '&' ? std::end(kEntities) : std::ranges::find_if(kEntities, [&](auto known) {
      return rest.starts_with(known.first);
    });
    if (tag != 0) {
      at += tag;
    } else if (entity != std::end(kEntities)) {
      plain += entity->second;
      at += entity->first.size();
    } else if (static_cast<unsigned char>(rest.front()) <= ' ' || rest.front() == '\x7F') {
      add_blank();
      ++at;
    } else {
      plain += rest.front();
      ++at;
    }
  }
  plain = to_valid_utf8(plain);
  plain.resize(character_border(plain, std::min(limit_bytes, plain.size())));
  while (plain.ends_with(' ')) plain.pop_back();
  return plain;
}

}  // namespace codehelper
