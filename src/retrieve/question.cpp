#include "question.hpp"

#include <algorithm>
#include <utility>

namespace codehelper {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string> find_names(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && is_name_character(text[end])) ++end;
    if (end > begin) names.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

bool ends_in_path(std::string_view path, std::string_view end) {
  if (!path.ends_with(end)) return false;
  return path.size() == end.size() || path[path.size() - end.size() - 1] == '/';
}

}  // namespace

Question read_question(NarrowedQuestion narrowed) {
  const std::string_view text = narrowed.text;
  Question question;
  question.paths = find_path_mentions(text);
  question.names = find_names(text);
  question.subject = find_subject(text);
  if (question.subject && question.subject->is_alone) question.names = {question.subject->name};
  std::ranges::sort(question.names);
  const auto repeated = std::ranges::unique(question.names);
  question.names.erase(repeated.begin(), repeated.end());
  question.wishes = read_wishes(text);
  question.narrowing = std::move(narrowed.narrowing);
  return question;
}

bool is_mentioned(std::string_view path, const PathMention& mention) {
  if (ends_in_path(path, mention.path)) return true;
  // A mention from another machine is longer: "/srv/app/src/x.py" for src/x.py. One folder at least must agree.
  if (path.find('/') != std::string_view::npos && ends_in_path(mention.path, path)) return true;
  std::string module(mention.path);
  std::ranges::replace(module, '.', '/');
  return module.find('/') != std::string::npos && ends_in_path(path.substr(0, path.rfind('.')), module);
}

}  // namespace codehelper
