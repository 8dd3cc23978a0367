// Properties of the readers of model servers' answers for any bytes: where they are cut doesn't matter, and every call
// that comes out has an id of its own and arguments.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ollama_model.hpp"
#include "openai_model.hpp"
#include "text_tools.hpp"

namespace {

using namespace codehelper;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::size_t kMaxBytes = 256;

struct Outcome {
  std::optional<ErrorCode> error;
  std::string streamed;
  std::string reply;  // without the ids, which may be made up
};

std::string write_calls(const std::vector<ToolCall>& calls) {
  std::set<std::string> ids;
  std::string text;
  for (const ToolCall& call : calls) {
    require(!call.id.empty() && ids.insert(call.id).second);
    require(!call.arguments.empty());
    text += call.name + '\n' + call.arguments + '\n';
  }
  return text;
}

std::optional<ErrorCode> feed(ModelAnswerReader& reader, std::string_view bytes, std::size_t cut) {
  for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    const auto fed = reader.feed(piece);
    if (!fed) return fed.error().code;
  }
  const auto ended = reader.end();
  return ended ? std::nullopt : std::optional(ended.error().code);
}

Outcome read(bool is_ollama, std::string_view bytes, std::size_t cut) {
  ModelAnswer answer({"grep"}, kMaxBytes);
  const auto reader = is_ollama ? make_ollama_reader(answer) : make_openai_reader(answer);
  Outcome outcome;
  outcome.error = feed(*reader, bytes, cut);
  outcome.streamed = answer.take_text();
  if (outcome.error) return outcome;
  auto end = answer.end();
  if (!end) return {end.error().code, outcome.streamed, {}};
  outcome.streamed += end->last_text;
  outcome.reply = end->reply.content + '\n' + end->reply.reasoning + '\n' + write_calls(end->reply.tool_calls) +
                  std::string(to_string(end->reply.finish));
  return outcome;
}

std::string filter(std::string_view bytes, std::size_t cut) {
  TextCallFilter filter({"grep"});
  std::string text = filter.feed(bytes.substr(0, cut));
  text += filter.feed(bytes.substr(cut));
  text += filter.end();
  require(!filter.calls().empty() || text == bytes);
  return text + '\n' + write_calls(filter.calls());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::size_t cut = bytes.empty() ? 0 : data[1] % bytes.size();
  if (data[0] % 3 == 2) {
    require(filter(bytes, cut) == filter(bytes, bytes.size()));
    return 0;
  }
  const bool is_ollama = data[0] % 3 == 1;
  const Outcome whole = read(is_ollama, bytes, bytes.size());
  const Outcome pieces = read(is_ollama, bytes, cut);
  require(whole.error == pieces.error);
  require(whole.error || whole.streamed == pieces.streamed);
  require(whole.reply == pieces.reply);
  return 0;
}
