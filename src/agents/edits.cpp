#include "edits.hpp"

#include <fmt/format.h>

#include "citations.hpp"
#include "codehelper/execute/patch.hpp"
#include "codehelper/index/source_files.hpp"
#include "excerpt.hpp"

namespace codehelper {

namespace {

bool is_diff(const FencedBlock& block) {
  if (block.language == "diff" || block.language == "patch") return true;
  return block.text.starts_with("diff --git ") || block.text.starts_with("--- ");
}

/// Files that may hold secrets are nothing to quote in a diff.
Result<std::optional<PatchInput>> read_for_patch(const PatchSource& read, const std::string& path) {
  if (is_secret_path(path)) {
    return fail(ErrorCode::conflict, fmt::format("{} may hold secrets and is not changed here", path));
  }
  return read(path);
}

}  // namespace

std::string find_diffs(std::string_view response) {
  std::string diffs;
  for (const FencedBlock& block : find_fenced_blocks(response)) {
    if (is_diff(block)) diffs += block.text;
  }
  return diffs;
}

ChatEdit check_edit(const std::filesystem::path& root, std::string_view diffs) {
  const PatchSource files = make_patch_source(root.string());
  const PatchSource read = [&files](const std::string& path) { return read_for_patch(files, path); };
  auto mended = mend_patch(diffs, read);
  ChatEdit edit;
  edit.applies = mended.has_value();
  if (!mended) {
    edit.patch = diffs;
    edit.reason = mended.error().message;
    return edit;
  }
  edit.patch = std::move(mended->text);
  for (PatchedFile& file : mended->files) edit.files.push_back(std::move(file.path));
  return edit;
}

std::string show_edit(std::string_view response, const ChatEdit& edit) {
  if (!edit.applies) {
    return fmt::format("{}\n\n*The change doesn't apply to the files as they are: {}.*\n", response,
                       shorten(edit.reason, 500));
  }
  std::string shown;
  std::size_t from = 0;
  bool is_first = true;
  for (const FencedBlock& block : find_fenced_blocks(response)) {
    if (!is_diff(block)) continue;
    shown += response.substr(from, block.begin - from);
    if (is_first) shown += make_code_block("diff", edit.patch);
    is_first = false;
    from = block.end;
  }
  shown += response.substr(from);
  return shown;
}

}  // namespace codehelper
