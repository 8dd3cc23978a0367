#include "openai_chores.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

#include "codehelper/base/json_text.hpp"
#include "codehelper/base/secret_text.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kLimit{30};
constexpr std::size_t kTitleWords = 6;
constexpr std::size_t kTitleBytes = 60;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The first line of the first thing that the user said in the conversation that the prompt quotes.
std::string_view find_first_question(std::string_view prompt) {
  constexpr std::string_view kHistory = "<chat_history>";
  constexpr std::string_view kUser = "USER:";
  const std::size_t history = prompt.find(kHistory);
  if (history == std::string_view::npos) return {};
  std::string_view said = prompt.substr(history + kHistory.size());
  said = said.substr(0, said.find("</chat_history>"));
  if (const std::size_t user = said.find(kUser); user != std::string_view::npos)
    said.remove_prefix(user + kUser.size());
  said = trim(said);
  return trim(said.substr(0, said.find('\n')));
}

std::string make_title(std::string_view prompt) {
  const std::string question = to_valid_utf8(find_first_question(prompt));
  std::string_view rest = question;
  std::string title;
  for (std::size_t words = 0; words < kTitleWords && !rest.empty(); ++words) {
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    if (!title.empty() && title.size() + end > kTitleBytes) break;
    if (!title.empty()) title += ' ';
    title += rest.substr(0, end);
    rest = trim(rest.substr(end));
  }
  if (title.size() > kTitleBytes) title.resize(character_border(title, kTitleBytes));
  return title.empty() ? "Chat" : title;
}

/// One key of the object that the prompt shows as its output, and whether a list belongs to it.
struct WantedField {
  std::string name;
  bool is_list = false;
};

/// The keys of the first JSON object behind "JSON format:", else of the first one in the prompt before the
/// conversation.
std::vector<WantedField> find_wanted_fields(std::string_view prompt) {
  std::string_view text = prompt.substr(0, prompt.find("<chat_history>"));
  const std::size_t format = text.find("JSON format:");
  if (format != std::string_view::npos) text.remove_prefix(format);
  const std::size_t begin = text.find("{ \"");
  const std::size_t begin_tight = text.find("{\"");
  const std::size_t first = std::min(begin, begin_tight);
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find('}', first) - first);
  std::vector<WantedField> fields;
  while (true) {
    const std::size_t open = text.find('"');
    const std::size_t close = open == std::string_view::npos ? open : text.find('"', open + 1);
    if (close == std::string_view::npos) return fields;
    const std::string_view name = text.substr(open + 1, close - open - 1);
    text = trim(text.substr(close + 1));
    if (!text.starts_with(':')) continue;  // a value
    text = trim(text.substr(1));
    fields.push_back({std::string(name), text.starts_with('[')});
    // Values are examples, and so are the texts in a list.
    const std::size_t end = text.starts_with('[')   ? text.find(']')
                            : text.starts_with('"') ? text.find('"', 1)
                                                    : std::min(text.find(','), text.size());
    text.remove_prefix(std::min(end == std::string_view::npos ? end : end + 1, text.size()));
  }
}

}  // namespace

bool is_chore(std::string_view question) {
  return trim(question).starts_with("### Task:");
}

std::string make_chore_answer(std::string_view prompt) {
  const std::vector<WantedField> fields = find_wanted_fields(prompt);
  if (fields.empty()) return make_title(prompt);
  json::object answer;
  for (const WantedField& field : fields) {
    json::value& value = answer[field.name];
    if (field.is_list) {
      value = json::array();
      if (field.name == "tags") value.as_array().emplace_back("General");
    } else {
      value = field.name == "title" ? make_title(prompt) : std::string();
    }
  }
  return to_json_text(answer);
}

Task<std::string> answer_chore(RequestContext context, LanguageModel* model, std::string prompt) {
  std::string by_rule = make_chore_answer(prompt);
  if (model == nullptr) co_return by_rule;
  ModelRequest request;
  request.messages.push_back({MessageRole::user, mask_secrets(prompt).text});
  request.max_output_tokens = 512;
  const RequestContext limited = context.with_deadline(Deadline::after(kLimit));
  const auto reply = co_await model->ask(limited, std::move(request), {});
  if (!reply) context.log.warning("chore_by_rule", {{"cause", reply.error().message}});
  if (!reply || trim(reply->content).empty()) co_return by_rule;
  co_return reply->content;
}

}  // namespace codehelper
