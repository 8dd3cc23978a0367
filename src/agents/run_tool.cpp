#include "run_tool.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/value_from.hpp>

#include <algorithm>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/secret_text.hpp"
#include "excerpt.hpp"
#include "tool_text.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kOutputBytes = 6 * 1024;  // of each stream; the end says most

/// Between blanks and marks, so that "npm test" stands in "please run `npm test`." and not in "npm tests".
bool stands_in(std::string_view words, std::string_view command) {
  constexpr std::string_view kBorders = " \t\r\n`'\"().,;:!?";
  for (std::size_t at = words.find(command); at != std::string_view::npos; at = words.find(command, at + 1)) {
    const bool begins = at == 0 || kBorders.contains(words[at - 1]);
    const std::size_t end = at + command.size();
    if (begins && (end == words.size() || kBorders.contains(words[end]))) return true;
  }
  return false;
}

bool is_in(const SourceListing& listing, std::string_view argument) {
  std::string_view path = argument.substr(0, argument.find("::"));
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with("./")) path.remove_prefix(2);
  if (path.empty()) return false;
  const std::string folder = std::string(path) + "/";
  return std::ranges::any_of(
      listing.files, [&](const SourceFile& file) { return file.path == path || file.path.starts_with(folder); });
}

std::string show_stream(std::string_view name, std::string_view text) {
  if (text.empty()) return {};
  const std::string_view shown = last_part(text, kOutputBytes);
  const std::string notice = shown.size() < text.size()
                                 ? fmt::format(" (its end; {} bytes before are left out)", text.size() - shown.size())
                                 : "";
  return fmt::format("{}{}:\n{}\n", name, notice, shown);
}

}  // namespace

bool may_run(const CommandPermit& permit, const std::vector<std::string>& command,
             const std::function<bool(std::string_view)>& names_file) {
  if (command.empty()) return false;
  const auto& tests = permit.test_command;
  const bool runs_tests =
      !tests.empty() && command.size() >= tests.size() && std::equal(tests.begin(), tests.end(), command.begin());
  if (runs_tests &&
      std::all_of(command.begin() + static_cast<std::ptrdiff_t>(tests.size()), command.end(), names_file)) {
    return true;
  }
  return stands_in(permit.user_words, fmt::format("{}", fmt::join(command, " ")));
}

Task<Result<ToolResult>> run_command(RunTool tool, RequestContext context, json::object arguments) {
  auto command = optional_strings(arguments, "command");
  if (!command) co_return make_failure(command.error().message);
  if (!*command || (*command)->empty()) co_return make_failure("\"command\" must hold an executable and its arguments");
  const auto listing = co_await tool.reader.list();
  if (!listing) co_return make_failure(listing.error().message);
  const auto names_file = [&](std::string_view argument) { return is_in(**listing, argument); };
  if (!may_run(tool.permit, **command, names_file)) {
    co_return make_failure(
        fmt::format("refused: `{}` is not run, since the user didn't ask for it. The tests are run by `{}`",
                    fmt::join(**command, " "), fmt::join(tool.permit.test_command, " ")));
  }
  ExecuteRequest request;
  request.project_path = tool.project.root.string();
  request.command = **command;
  RunListener listener;
  listener.on_output = tool.permit.on_output;
  auto run = co_await tool.permit.runner->run(context, std::move(request), std::move(listener));
  if (!run) {
    const bool ends = run.error().code == ErrorCode::cancelled || context.deadline.passed();
    if (ends) co_return std::unexpected(run.error());
    co_return make_failure("the command could not be run: " + run.error().message);
  }
  if (run->arguments.empty()) run->arguments = std::move(**command);
  Receipt receipt = make_receipt(*run);
  ToolResult result;
  result.summary = describe_verdict(receipt);
  const std::string output = show_stream("stdout", run->standard_output) + show_stream("stderr", run->standard_error);
  result.text = fmt::format("{}\nexit status {}, {:.1f} s\n{}", result.summary, run->exit_code, run->duration_seconds,
                            mask_secrets(output).text);
  result.data = {{"receipt", to_json(receipt)}};
  tool.receipts.push_back(std::move(receipt));
  co_return result;
}

}  // namespace codehelper
