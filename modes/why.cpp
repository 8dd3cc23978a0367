#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <filesystem>
#include <optional>

#include "codehelper/base/json_text.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/index_plan.hpp"
#include "codehelper/index/project.hpp"
#include "modes.hpp"
#include "skipped_file.hpp"
#include "terminal.hpp"

namespace codehelper {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// As the shell means it, with links in the folders before its name resolved, but not the file itself when it is one.
/// A folder ends in "/".
fs::path locate(const fs::path& base, const std::string& file) {
  const fs::path asked = (base / file).lexically_normal();
  const fs::path named = asked.has_filename() ? asked : asked.parent_path();
  std::error_code error;
  fs::path located = fs::weakly_canonical(named.parent_path(), error) / named.filename();
  if (error) located = named;
  const bool is_folder = fs::is_directory(fs::symlink_status(located, error));
  return is_folder ? located / "" : located;
}

/// The innermost repository of git that holds `folder`, or nothing.
std::optional<fs::path> find_repository(fs::path folder) {
  std::error_code error;
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    if (fs::exists(folder / ".git", error)) return folder;
  }
  return std::nullopt;
}

bool holds(const fs::path& folder, const fs::path& file) {
  const fs::path relative = file.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

/// The project that whoever stands in the current folder means: the repository around it, else the folder itself; for a
/// file elsewhere the repository around that.
fs::path find_root(const fs::path& file) {
  const fs::path here = fs::current_path();
  fs::path root = find_repository(here).value_or(here);
  if (holds(root, file)) return root;
  const fs::path outside = file.has_filename() ? file : file.parent_path();
  return find_repository(outside.parent_path()).value_or(std::move(root));
}

struct Question {
  fs::path root;
  fs::path file;
};

Result<Question> locate_in_project(const Arguments& arguments, const std::string& file) {
  if (arguments.project.empty()) {
    fs::path located = locate(fs::current_path(), file);
    const auto project = open_project(find_root(located).string());
    if (!project) return std::unexpected(project.error());
    return Question{project->root, std::move(located)};
  }
  const auto project = open_project(arguments.project);
  if (!project) return std::unexpected(project.error());
  return Question{project->root, locate(project->root, file)};
}

Result<FileVerdict> judge(const Question& question, std::uint64_t max_file_bytes) {
  auto verdict = why_file(question.root, question.file.string(), max_file_bytes);
  if (!verdict && verdict.error().code == ErrorCode::not_found && !question.file.has_filename()) {
    return fail(ErrorCode::invalid_input,
                question.file.string() +
                    " is a folder that is not left out as a whole; name files in it, or see codehelper index --plan");
  }
  return verdict;
}

json::object to_json(const FileVerdict& verdict) {
  json::object object{{"path", to_valid_utf8(verdict.path)}, {"indexed", !verdict.skipped}};
  if (verdict.skipped) object["skipped"] = to_json(*verdict.skipped);
  return object;
}

void print_verdict(const TextStyle& style, const FileVerdict& verdict) {
  std::string reason = verdict.skipped ? describe(*verdict.skipped) : "indexed";
  if (verdict.skipped && verdict.skipped->path != verdict.path)
    reason += " (with all of " + verdict.skipped->path + ")";
  const Tone tone = verdict.skipped ? Tone::bad : Tone::good;
  fmt::print("{}: {}\n", style.clean(verdict.path), style.paint(tone, style.clean(reason)));
}

}  // namespace

int run_why(const Config& config, const Arguments& arguments) {
  const TextStyle style = find_terminal().out;
  json::array verdicts;
  int status = kExitDone;
  for (const std::string& file : arguments.files) {
    const auto question = locate_in_project(arguments, file);
    const auto verdict = question ? judge(*question, config.index.max_file_bytes) : std::unexpected(question.error());
    if (!verdict) {
      fail_mode("why", verdict.error());
      status = kExitUsage;
      continue;
    }
    if (verdict->skipped && status == kExitDone) status = kExitFailed;
    if (arguments.json) {
      verdicts.push_back(to_json(*verdict));
    } else {
      print_verdict(style, *verdict);
    }
  }
  if (arguments.json) fmt::print("{}\n", to_json_text(json::object{{"files", std::move(verdicts)}}));
  return status;
}

}  // namespace codehelper
